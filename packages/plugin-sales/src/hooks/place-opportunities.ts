import {
  type BatchHandler,
  type BeforeChanges,
  before,
  type Context,
  type HookDefinition,
  type Issue,
  ValidationFailed,
} from "@corm/core";
import { type Opportunity, type OpportunityInput, opportunity } from "../entities/opportunity.js";
import { pipelines } from "../services/pipelines.js";
import { loadStages, type StageDirectory } from "../services/stage-directory.js";
import { chooseStage, isIssue, namesStage } from "./choose-stage.js";
import { settleOutcome } from "./settle-outcome.js";

type Changes = BeforeChanges<Opportunity, OpportunityInput>;

/** Fields that a patch may not change without the rules having a say. */
const RULED = [
  "stage",
  "stageId",
  "pipelineId",
  "status",
  "probability",
  "openedOn",
  "closeDate",
] as const satisfies readonly (keyof OpportunityInput)[];

const placeNew: BatchHandler<Changes["create"]> = async (batch, ctx) => {
  const inputs = batch.map((change) => change.input);
  const needsDefault = inputs.some((input) => input.stageId == null && input.pipelineId == null);
  const fallback = needsDefault ? (await ctx.service(pipelines).ensureDefault()).id : undefined;
  const stages = await loadStages(ctx, {
    pipelineIds: [fallback, ...inputs.map((input) => input.pipelineId)],
    stageIds: inputs.map((input) => input.stageId),
  });
  const today = ctx.now().slice(0, 10);
  raise(
    inputs.map((input) => {
      const stage = chooseStage(input, null, stages, fallback);
      return isIssue(stage) ? [stage] : settleOutcome(input, { before: null, stage, today });
    }),
  );
};

const placeChanged: BatchHandler<Changes["update"]> = async (batch, ctx) => {
  if (!batch.some(({ patch }) => RULED.some((name) => patch[name] !== undefined))) return;
  const stages = await stagesOf(batch, ctx);
  const today = ctx.now().slice(0, 10);
  raise(
    batch.map(({ before, patch }) => {
      const stage = namesStage(patch) ? chooseStage(patch, before, stages, undefined) : null;
      return stage && isIssue(stage) ? [stage] : settleOutcome(patch, { before, stage, today });
    }),
  );
};

function stagesOf(batch: readonly Changes["update"][], ctx: Context): Promise<StageDirectory> {
  const moving = batch.filter(({ patch }) => namesStage(patch));
  return loadStages(ctx, {
    pipelineIds: moving.map(({ before, patch }) => patch.pipelineId ?? before.pipelineId),
    stageIds: moving.map(({ patch }) => patch.stageId),
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
