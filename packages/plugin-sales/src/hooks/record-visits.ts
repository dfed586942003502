import {
  type Actor,
  type AfterChanges,
  after,
  type BatchHandler,
  type Context,
  type HookDefinition,
  workingTimeBetween,
} from "@corm/core";
import { type Opportunity, opportunity } from "../entities/opportunity.js";
import type { Stage } from "../entities/stage.js";
import { type StageVisit, type StageVisitInput, stageVisit } from "../entities/stage-visit.js";
import { loadPipelines } from "../services/pipeline-directory.js";
import { loadStages } from "../services/stage-directory.js";

type Changes = AfterChanges<Opportunity>;
const REASON = "stage history";
const MAX_ACTOR = 200;

const enterFirst: BatchHandler<Changes["create"]> = async (batch, ctx) => {
  const visits = batch.map(({ row }) => ({
    ...entry(row, ctx.actor),
    seq: 1,
    enteredAt: row.createdAt,
    backward: false,
  }));
  await ctx.asSystem({ capability: "sales.pipelines", reason: REASON }).repo(stageVisit).createMany(visits);
};

const enterNext: BatchHandler<Changes["update"]> = async (batch, ctx) => {
  const moved = batch.filter(({ changed }) => changed.has("stageId"));
  if (moved.length === 0) return;
  const present = await presentVisits(
    ctx,
    moved.map(({ row }) => row.id),
  );
  const stages = await loadStages(ctx, {
    pipelineIds: [],
    stageIds: moved.flatMap(({ before, row }) => [before.stageId, row.stageId]),
  });
  const pipelines = await loadPipelines(
    ctx,
    moved.map(({ before }) => before.pipelineId),
  );
  const now = ctx.now();
  const ended: { id: string; version: number; patch: Partial<StageVisitInput> }[] = [];
  const begun: StageVisitInput[] = [];
  for (const { before, row } of moved) {
    const last = present.get(row.id);
    // A clock that was set back must not make a visit end before it began.
    const moment = last && last.enteredAt > now ? last.enteredAt : now;
    if (last) {
      const elapsedSeconds = (Date.parse(moment) - Date.parse(last.enteredAt)) / 1000;
      const calendar = pipelines.calendarOf(before.pipelineId);
      const workingSeconds = calendar
        ? workingTimeBetween(calendar, Date.parse(last.enteredAt), Date.parse(moment)) / 1000
        : null;
      const patch = { leftAt: moment, elapsedSeconds, workingSeconds };
      ended.push({ id: last.id, version: last.version, patch });
    }
    begun.push({
      ...entry(row, ctx.actor),
      seq: (last?.seq ?? 0) + 1,
      enteredAt: moment,
      backward: isBackward(stages.byId(before.stageId), stages.byId(row.stageId)),
    });
  }
  const visits = ctx.asSystem({ capability: "sales.pipelines", reason: REASON }).repo(stageVisit);
  await visits.updateMany(ended);
  await visits.createMany(begun);
};

function entry(row: Opportunity, actor: Actor) {
  const { id, stageId, stage, amount, probability, closeDate } = row;
  return { opportunityId: id, stageId, stage, amount, probability, closeDate, actor: textOf(actor) };
}

async function presentVisits(ctx: Context, opportunityIds: string[]): Promise<Map<string, StageVisit>> {
  const visits = new Map<string, StageVisit>();
  const open = ctx
    .asSystem({ capability: "sales.pipelines", reason: REASON })
    .repo(stageVisit)
    .stream({ where: { opportunityId: { in: opportunityIds }, leftAt: null } });
  for await (const visit of open) visits.set(visit.opportunityId, visit);
  return visits;
}

/** A decision is never a step back, and stages of two pipelines cannot be compared. */
function isBackward(from: Stage | undefined, to: Stage | undefined): boolean {
  if (!from || !to || from.pipelineId !== to.pipelineId || to.kind !== "open") return false;
  return to.position < from.position;
}

function textOf(actor: Actor): string {
  const detail = actor.kind === "system" ? actor.reason : actor.kind === "public" ? actor.route : actor.id;
  return `${actor.kind}:${detail}`.slice(0, MAX_ACTOR);
}

/** Writes the stage history, whatever moved the opportunity: create, update, bulk or import. */
export const recordVisits: readonly HookDefinition[] = [
  after(opportunity, "create", { name: "sales.enterFirst", stage: "early" }, enterFirst),
  after(opportunity, "update", { name: "sales.enterNext", stage: "early" }, enterNext),
];
