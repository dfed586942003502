import {
  addWorkingTime,
  type BusinessCalendar,
  type Context,
  type Issue,
  type Role,
  toInstant,
} from "@corm/core";
import type { Opportunity, OpportunityInput } from "../entities/opportunity.js";
import type { Pipeline } from "../entities/pipeline.js";
import type { Stage } from "../entities/stage.js";

/** A move from one stage to another, with the values of the opportunity after it. */
export interface Move {
  readonly from: Stage;
  readonly to: Stage;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Towards the end of the same pipeline, or into another one. What is lost or goes back has to fulfil nothing. */
export function isForward({ from, to }: Pick<Move, "from" | "to">): boolean {
  if (to.kind === "lost") return false;
  return to.kind === "won" || to.pipelineId !== from.pipelineId || to.position > from.position;
}

/** What is missing for a move, each thing by its name: next stages, roles, fields, checklist. */
export function moveIssues(ctx: Context, move: Move): Issue[] {
  const { from, to, values } = move;
  const issues: Issue[] = [];
  const { allowedNext } = from;
  if (allowedNext && from.pipelineId === to.pipelineId && !allowedNext.includes(to.key))
    issues.push(
      issue(
        "stage",
        "stage-not-allowed",
        `"${to.key}" does not follow on "${from.key}", which leads to ${allowedNext.join(", ") || "nothing"}`,
      ),
    );
  if (to.roles && ctx.actor.kind !== "system" && !to.roles.some((role) => hasRole(ctx.roles, role)))
    issues.push(issue("stage", "stage-of-roles", `only ${to.roles.join(", ")} may move it to "${to.key}"`));
  if (!isForward(move)) return issues;
  for (const field of from.requiredFields)
    if (values[field] == null || values[field] === "")
      issues.push(issue(field, "exit-field", `is needed to leave the stage "${from.name}"`));
  const checked = new Set((values["checked"] as readonly string[] | null | undefined) ?? []);
  for (const { key, label } of from.checklist)
    if (!checked.has(key))
      issues.push(
        issue(
          "checked",
          "exit-checklist",
          `"${label}" (${key}) is to be ticked off before it leaves the stage "${from.name}"`,
        ),
      );
  return issues;
}

const hasRole = (roles: readonly (string | Role)[], wanted: string): boolean =>
  roles.some((role) => (typeof role === "string" ? role : role.name) === wanted);

/** What a decision says of its reason, where the pipeline wants one. */
export function reasonIssues(pipeline: Pipeline | undefined, kind: Stage["kind"], reason: unknown): Issue[] {
  if (kind === "open") return [];
  const reasons = pipeline?.reasons?.[kind];
  if (!reasons) return [];
  if (typeof reason !== "string" || reason === "")
    return [
      issue(
        "closeReason",
        "reason-needed",
        `says why it was ${kind}${reasons.length > 0 ? `: ${reasons.join(", ")}` : ""}`,
      ),
    ];
  if (reasons.length > 0 && !reasons.includes(reason))
    return [issue("closeReason", "reason-unknown", `is one of ${reasons.join(", ")}`)];
  return [];
}

/** When an opportunity that enters a stage has been there for too long. */
export function staleAt(stage: Stage, calendar: BusinessCalendar | undefined, now: number): string | null {
  if (stage.kind !== "open" || stage.staleAfterHours == null) return null;
  const ms = Math.round(stage.staleAfterHours * 3_600_000);
  return toInstant(calendar ? addWorkingTime(calendar, now, ms) : now + ms);
}

type Settled = Pick<Partial<OpportunityInput>, "forecastOverride">;

/** What an opportunity counts as in a forecast. */
export function forecastCategoryOf(
  kind: Stage["kind"],
  stageCategory: Stage["forecastCategory"] | undefined,
  override: Settled["forecastOverride"],
): Opportunity["forecastCategory"] | undefined {
  if (kind === "won") return "closed";
  if (kind === "lost") return "omitted";
  return override ?? stageCategory;
}

const issue = (field: string, code: string, message: string): Issue => ({
  pointer: `/${field}`,
  code,
  message,
});
