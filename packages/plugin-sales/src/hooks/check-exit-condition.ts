import {
  type AfterChanges,
  after,
  before,
  type Context,
  type HookDefinition,
  type Issue,
  isCormError,
  ValidationFailed,
} from "@corm/core";
import { type Opportunity, opportunity } from "../entities/opportunity.js";
import { type Stage, type StageInput, stage } from "../entities/stage.js";
import { loadStages } from "../services/stage-directory.js";
import { isForward } from "./move-rules.js";

type Change = AfterChanges<Opportunity>["update"];

/** Conditions are asked of the record as it is after the write, which is taken back where they do not hold. */
async function checkConditions(batch: readonly Change[], ctx: Context): Promise<void> {
  const moved = batch.filter(({ changed }) => changed.has("stageId"));
  if (moved.length === 0) return;
  const stages = await loadStages(ctx, {
    pipelineIds: [],
    stageIds: moved.flatMap(({ before: old, row }) => [old.stageId, row.stageId]),
  });
  const leaving = new Map<string, { readonly from: Stage; readonly changes: Change[] }>();
  for (const change of moved) {
    const from = stages.byId(change.before.stageId);
    const to = stages.byId(change.row.stageId);
    if (!from?.condition || !to || !isForward({ from, to })) continue;
    const group = leaving.get(from.id) ?? { from, changes: [] };
    group.changes.push(change);
    leaving.set(from.id, group);
  }
  const issues: Issue[] = [];
  // How the company works is everybody's to follow, whatever he may see of it: one query per stage and page.
  const system = ctx.asSystem({ capability: "sales.pipelines", reason: "exit condition of a stage" });
  for (const { from, changes } of leaving.values()) {
    const kept = new Set<string>();
    const ids = changes.map(({ row }) => row.id);
    const holds = system
      .repo(opportunity)
      .stream({ where: { and: [{ id: { in: ids } }, from.condition as never] }, select: ["id"], limit: 500 });
    for await (const { id } of holds) kept.add(id);
    for (const { row } of changes) {
      if (kept.has(row.id)) continue;
      const pointer =
        batch.length === 1 ? "/stage" : `/${batch.findIndex((change) => change.row.id === row.id)}/stage`;
      const message = `to leave the stage "${from.name}" it must satisfy ${JSON.stringify(from.condition)}`;
      issues.push({ pointer, code: "exit-condition", message });
    }
  }
  if (issues.length > 0) throw ValidationFailed({ entity: opportunity.name, issues });
}

/** What a stage asks for is found wrong when the stage is written. */
async function checkStage(values: Partial<StageInput>, ctx: Context): Promise<void> {
  const issues: Issue[] = [];
  const fields = ctx.catalog.entities.get(opportunity.name)?.fields;
  for (const name of Array.isArray(values.requiredFields) ? values.requiredFields : [])
    if (fields && !fields.has(name))
      issues.push({
        pointer: "/requiredFields",
        code: "unknown-field",
        message: `"${name}" is no field of an opportunity`,
      });
  if (values.condition != null)
    try {
      await ctx.repo(opportunity).find({ where: values.condition as never, limit: 1 });
    } catch (error) {
      if (!isCormError(error) || error.status >= 500) throw error;
      issues.push({ pointer: "/condition", code: error.code, message: error.message });
    }
  if (issues.length > 0) throw ValidationFailed({ entity: stage.name, issues });
}

export const checkExitConditions: readonly HookDefinition[] = [
  after(opportunity, "update", { name: "sales.checkExit", stage: "early" }, checkConditions),
  before(stage, "create", { name: "sales.checkStage", stage: "late" }, async (batch, ctx) => {
    for (const { input } of batch) await checkStage(input, ctx);
  }),
  before(stage, "update", { name: "sales.checkChangedStage", stage: "late" }, async (batch, ctx) => {
    for (const { patch } of batch) await checkStage(patch, ctx);
  }),
  // What a stage counts as is what its open opportunities count as, but for those that say otherwise.
  after(stage, "update", { name: "sales.recategorise" }, async (batch, ctx) => {
    const system = ctx.asSystem({ capability: "sales.pipelines", reason: "forecast category of a stage" });
    for (const { row, changed } of batch)
      if (changed.has("forecastCategory") && row.kind === "open")
        await system
          .repo(opportunity)
          .updateWhere(
            { stageId: row.id, forecastOverride: null },
            { forecastCategory: row.forecastCategory },
          );
  }),
];
