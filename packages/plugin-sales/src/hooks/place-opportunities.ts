import {
  type BatchHandler,
  type BeforeChanges,
  before,
  type Context,
  type HookDefinition,
  type Issue,
  type Money,
  parseMoney,
  percentOf,
  ValidationFailed,
} from "@corm/core";
import { type Opportunity, type OpportunityInput, opportunity } from "../entities/opportunity.js";
import type { Stage } from "../entities/stage.js";
import { loadPipelines } from "../services/pipeline-directory.js";
import { pipelines } from "../services/pipelines.js";
import { refuseWritten } from "../services/protected-fields.js";
import { loadStages, type StageDirectory } from "../services/stage-directory.js";
import { sellerDay } from "../services/today.js";
import { chooseStage, isIssue, namesStage } from "./choose-stage.js";
import { forecastCategoryOf, moveIssues, reasonIssues, staleAt } from "./move-rules.js";
import { settleOutcome } from "./settle-outcome.js";

type Changes = BeforeChanges<Opportunity, OpportunityInput>;

/** What follows from other fields. */
const WRITTEN = ["cycleDays", "weightedAmount", "forecastCategory", "staleAt", "territoryReason"] as const;

/** Fields that a patch may not change without the rules having a say. */
const RULED = [
  "stage",
  "stageId",
  "pipelineId",
  "status",
  "probability",
  "openedOn",
  "closeDate",
  "amount",
  "forecastOverride",
] as const satisfies readonly (keyof OpportunityInput)[];

const placeNew: BatchHandler<Changes["create"]> = async (batch, ctx) => {
  const inputs = batch.map((change) => change.input);
  const needsDefault = inputs.some((input) => input.stageId == null && input.pipelineId == null);
  const fallback = needsDefault ? (await ctx.service(pipelines).ensureDefault()).id : undefined;
  const stages = await loadStages(ctx, {
    pipelineIds: [fallback, ...inputs.map((input) => input.pipelineId)],
    stageIds: inputs.map((input) => input.stageId),
  });
  const today = sellerDay(ctx);
  refuseWritten(opportunity.name, inputs, WRITTEN);
  const chosen = inputs.map((input) => chooseStage(input, null, stages, fallback));
  const rules = await pipelinesWanted(ctx, chosen);
  raise(
    inputs.map((input, at) => {
      const stage = chosen[at] as Stage | Issue;
      if (isIssue(stage)) return [stage];
      const issues = settleOutcome(input, { before: null, stage, today });
      issues.push(...reasonIssues(rules?.byId(stage.pipelineId), stage.kind, input.closeReason));
      input.staleAt = staleAt(stage, rules?.calendarOf(stage.pipelineId), ctx.clock.now());
      followFigures(input, { before: null, stage, created: today });
      return issues;
    }),
  );
};

/** Most pipelines have no rules of their own, but only the database knows: it is asked where something is decided or has a limit. */
async function pipelinesWanted(ctx: Context, stages: readonly (Stage | Issue | null)[]) {
  const ids = stages.flatMap((stage) =>
    stage && !isIssue(stage) && (stage.kind !== "open" || stage.staleAfterHours != null)
      ? [stage.pipelineId]
      : [],
  );
  return ids.length === 0 ? undefined : loadPipelines(ctx, ids);
}

/** Weighted amount and forecast category, which follow from others. Values are the caller's until they are validated. */
function followFigures(
  values: Partial<OpportunityInput>,
  {
    before,
    stage,
    created,
  }: {
    readonly before: Opportunity | null;
    readonly stage: Stage | null;
    /** The day on which it was written down. */
    readonly created: string;
  },
): void {
  const merged = { ...before, ...values };
  const kind = stage?.kind ?? before?.status ?? "open";
  const category = forecastCategoryOf(kind, stage?.forecastCategory, merged.forecastOverride);
  if (category !== undefined) values.forecastCategory = category;
  values.weightedAmount = weighted(merged.amount, merged.probability);
  values.cycleDays = kind === "open" ? null : cycleDays(merged.openedOn ?? created, merged.closeDate);
}

/** Null where the close date is before the sale was written down, as in what is imported without an opening day. */
function cycleDays(from: unknown, until: unknown): number | null {
  if (typeof from !== "string" || typeof until !== "string") return null;
  const days = (Date.parse(until) - Date.parse(from)) / 86_400_000;
  return Number.isInteger(days) && days >= 0 ? days : null;
}

function weighted(amount: unknown, probability: unknown): Money | null {
  if (amount == null || typeof probability !== "number" || !(probability >= 0 && probability <= 100))
    return null;
  try {
    return percentOf(parseMoney(amount), probability.toFixed(4));
  } catch {
    // What is wrong with the amount is for the validation to say, which comes after the hooks.
    return null;
  }
}

const placeChanged: BatchHandler<Changes["update"]> = async (batch, ctx) => {
  if (ctx.actor.kind !== "system")
    refuseWritten(
      opportunity.name,
      batch.map(({ patch }) => patch),
      WRITTEN,
    );
  if (!batch.some(({ patch }) => RULED.some((name) => patch[name] !== undefined))) return;
  const stages = await stagesOf(batch, ctx);
  const today = sellerDay(ctx);
  const chosen = batch.map(({ before, patch }) =>
    namesStage(patch) ? chooseStage(patch, before, stages, undefined) : null,
  );
  const rules = await pipelinesWanted(ctx, chosen);
  raise(
    batch.map(({ before, patch }, at) => {
      const stage = chosen[at] ?? null;
      if (stage && isIssue(stage)) return [stage];
      const issues = settleOutcome(patch, { before, stage, today });
      const from = stages.byId(before.stageId);
      if (stage && stage.id !== before.stageId) {
        if (stage.kind === "open" && before.status !== "open" && patch.closeReason === undefined)
          patch.closeReason = null;
        const values = { ...before, ...patch };
        if (from) issues.push(...moveIssues(ctx, { from, to: stage, values }));
        issues.push(...reasonIssues(rules?.byId(stage.pipelineId), stage.kind, values.closeReason));
        patch.staleAt = staleAt(stage, rules?.calendarOf(stage.pipelineId), ctx.clock.now());
      }
      followFigures(patch, {
        before,
        stage: stage ?? from ?? null,
        created: sellerDay(ctx, before.createdAt),
      });
      return issues;
    }),
  );
};

function stagesOf(batch: readonly Changes["update"][], ctx: Context): Promise<StageDirectory> {
  const moving = batch.filter(({ patch }) => namesStage(patch));
  // Without a move, the stage is asked what an opportunity counts as where it no longer says so itself.
  const falling = batch.filter(({ patch }) => patch.forecastOverride === null);
  return loadStages(ctx, {
    pipelineIds: moving.map(({ before, patch }) => patch.pipelineId ?? before.pipelineId),
    stageIds: [
      ...moving.flatMap(({ before, patch }) => [patch.stageId, before.stageId]),
      ...falling.map(({ before }) => before.stageId),
    ],
  });
}

/** Issues of a batch, placed as core places its own. */
function raise(perRecord: readonly (readonly Issue[])[]): void {
  const single = perRecord.length === 1;
  const issues = perRecord.flatMap((list, i) =>
    single ? list : list.map((issue) => ({ ...issue, pointer: `/${i}${issue.pointer}` })),
  );
  if (issues.length > 0) throw ValidationFailed({ entity: opportunity.name, issues });
}

/** Puts every new or changed opportunity where its stage says. */
export const placeOpportunities: readonly HookDefinition[] = [
  before(opportunity, "create", { name: "sales.placeNew" }, placeNew),
  before(opportunity, "update", { name: "sales.placeChanged" }, placeChanged),
];
