import { before, type Context, each, type HookDefinition } from "@corm/core";
import { leadScore, scoreChange } from "../entities/lead-score.js";
import { predictiveModel, predictiveModelBody } from "../entities/predictive-model.js";
import { type ScoringModel, type ScoringModelInput, scoringModel } from "../entities/scoring-model.js";
import { InvalidScoringRule, ScoringModelStatusReserved } from "../errors.js";
import { atOf } from "../scoring/gather.js";
import { conditionProblem } from "../services/conditions.js";
import { keepBooks } from "./keep-books.js";

type Parts = Partial<Pick<ScoringModelInput, "fit" | "behaviour" | "thresholds" | "profile" | "grades">>;

/** What a model says is found wrong when it is written, in the name of whoever writes it, and not when a lead comes. */
export const checkScoringModel = (behaviour: readonly string[]): readonly HookDefinition[] => [
  before(scoringModel, "create", { name: "leads.scoringModelCreate", stage: "late" }, async (batch, ctx) => {
    for (const { input } of batch) {
      reserve(input, ctx);
      await check(ctx, input, behaviour);
    }
  }),
  before(scoringModel, "update", { name: "leads.scoringModelUpdate", stage: "late" }, async (batch, ctx) => {
    for (const { before: old, patch } of batch) {
      reserve(patch, ctx);
      if (Object.keys(patch).some((name) => PARTS.has(name)))
        await check(ctx, { ...(old as Pick<ScoringModel, keyof Parts>), ...patch }, behaviour);
    }
  }),
  before(
    scoringModel,
    "delete",
    { name: "leads.scoringModelDelete" },
    each(({ before: old }) => {
      if (old.slot !== null) throw ScoringModelStatusReserved({ name: old.name });
    }),
  ),
  ...keepBooks([leadScore, scoreChange, predictiveModel, predictiveModelBody]),
];

const PARTS: ReadonlySet<string> = new Set(["fit", "behaviour", "thresholds", "profile", "grades"]);

function reserve(values: Partial<ScoringModelInput>, ctx: Context): void {
  if (ctx.actor.kind === "system") return;
  const status = values.status !== undefined && values.status !== "draft";
  if (status || values.slot != null || values.activatedAt != null)
    throw ScoringModelStatusReserved({ name: String(values.name ?? "the model") });
}

async function check(ctx: Context, model: Parts, behaviour: readonly string[]): Promise<void> {
  const refuse = (pointer: string, problem: string): never => {
    throw InvalidScoringRule({ pointer, problem });
  };
  const keys = new Set<string>();
  const once = (key: string, pointer: string) => {
    if (keys.has(key)) refuse(pointer, `has the key "${key}", which another rule of the model has`);
    keys.add(key);
  };
  for (const [index, { key, where }] of (model.fit ?? []).entries()) {
    once(key, `/fit/${index}`);
    const problem = await conditionProblem(ctx, "lead", where);
    if (problem) refuse(`/fit/${index}/where`, problem);
  }
  for (const [index, rule] of (model.behaviour ?? []).entries()) {
    const pointer = `/behaviour/${index}`;
    once(rule.key, pointer);
    if (!behaviour.includes(rule.on))
      refuse(`${pointer}/on`, `counts "${rule.on}"; what is counted is ${behaviour.join(", ")}`);
    const kind = ctx.catalog.entities.get(rule.on)?.fields.get(atOf(rule))?.kind;
    if (atOf(rule) !== "createdAt" && kind !== "instant")
      refuse(`${pointer}/at`, `"${atOf(rule)}" of ${rule.on} is no instant`);
    const problem = await conditionProblem(ctx, rule.on, rule.where);
    if (problem) refuse(`${pointer}/where`, problem);
  }
  keys.clear();
  for (const [index, { key }] of (model.thresholds ?? []).entries()) once(key, `/thresholds/${index}`);
  keys.clear();
  for (const [index, { key, where }] of (model.profile ?? []).entries()) {
    once(key, `/profile/${index}`);
    const problem = await conditionProblem(ctx, "lead", where);
    if (problem) refuse(`/profile/${index}/where`, problem);
  }
  const { grades } = model;
  if (grades && !(grades.A > grades.B && grades.B > grades.C))
    refuse("/grades", "must fall from A to C, such as 0.8, 0.6, 0.4");
}
