import type { Context, JobHandle, JobRun } from "@corm/core";
import { type Lead, lead } from "../entities/lead.js";
import { predictiveModel, predictiveModelBody } from "../entities/predictive-model.js";
import { TooFewOutcomes } from "../errors.js";
import type { DataSet } from "../learning/cross-validate.js";
import type { Sample } from "../learning/encode.js";
import { createPace } from "../learning/pace.js";
import { type Trained, train } from "../learning/train.js";
import { RECOMPUTE } from "../scoring/rescore.js";
import { predictionColumns } from "./columns.js";
import { samplesOf } from "./samples.js";

export interface Training {
  /** Fields to look at; left out: all that can be learned from. */
  readonly fields?: string[];
  /** Leads of each outcome that it takes at least. */
  readonly minimum?: number;
}

export const TRAIN: JobHandle<Training> = { name: "leads.trainModel" };

/** With fewer, a model finds chance: some ten of the rarer outcome per column, at the least. */
export const MIN_OUTCOMES = 50;
/** The newest ones: what was true years ago is true no more, and memory has an end. */
const MAX_SAMPLES = 30_000;
/** Below this, rules do better than a model that hardly knows anything. */
const MIN_AUC = 0.55;
const PAGE = 500;

/** Leads of each outcome. @throws too-few-outcomes */
export async function countOutcomes(ctx: Context, minimum: number): Promise<{ won: number; lost: number }> {
  const [won, lost] = [
    await ctx.repo(lead).count({ status: "converted" }),
    await ctx.repo(lead).count({ status: "unqualified" }),
  ];
  if (won < minimum || lost < minimum) throw TooFewOutcomes({ won, lost, minimum });
  return { won, lost };
}

/**
 * Trains a model on what became of the tenant's leads, beside transactions, and makes it the active one together with the
 * completion of the job. Where it ranks hardly better than chance, it is kept as rejected, and what was active stays.
 */
export async function trainModel(ctx: Context, { fields, minimum }: Training, job: JobRun): Promise<void> {
  await countOutcomes(ctx, minimum ?? MIN_OUTCOMES);
  const pace = createPace({ signal: ctx.signal });
  const set = await history(ctx, predictionColumns(ctx, fields));
  const trained = await train(set, pace);
  await ctx.transaction(async (tx) => {
    await keep(tx, set, trained);
    await job.complete(tx);
  });
}

async function history(ctx: Context, columns: DataSet["columns"]): Promise<DataSet> {
  const samples: Sample[] = [];
  const outcomes: number[] = [];
  // As many of each, up to half of the room, so that a flood of the one does not push out the other.
  for (const status of ["converted", "unqualified"] as const) {
    let room = MAX_SAMPLES / 2;
    let after: string | null = null;
    do {
      const page: { items: Lead[]; next: string | null } = await ctx.repo(lead).find({
        where: { status },
        orderBy: ["-createdAt", "-id"],
        limit: Math.min(PAGE, room),
        after,
      });
      for (const sample of await samplesOf(ctx, page.items)) {
        samples.push(Object.fromEntries(columns.map(({ name }) => [name, sample[name] ?? null])));
        outcomes.push(status === "converted" ? 1 : 0);
      }
      room -= page.items.length;
      after = page.next;
    } while (after !== null && room > 0);
  }
  return { samples, outcomes: Uint8Array.from(outcomes), columns };
}

async function keep(tx: Context, { columns, outcomes }: DataSet, trained: Trained): Promise<void> {
  const { validation, tried, model } = trained;
  const won = outcomes.reduce((sum, y) => sum + y, 0);
  const rate = won / outcomes.length;
  const models = tx.repo(predictiveModel);
  const last = await models.first({ orderBy: ["-number"], select: ["number"] });
  const good = validation.auc >= MIN_AUC;
  if (good) await models.updateWhere({ slot: "active" }, { status: "superseded", slot: null });
  const made = await models.create({
    number: (last?.number ?? 0) + 1,
    status: good ? "active" : "rejected",
    slot: good ? "active" : null,
    learner: validation.learner,
    columns: columns.map(({ name, kind }) => ({ name, kind })),
    trainedAt: tx.now(),
    won,
    lost: outcomes.length - won,
    auc: validation.auc,
    brier: validation.brier,
    baseBrier: rate * (1 - rate),
    calibration: validation.calibrationTable.map((row) => ({ ...row })),
    tried: tried.map(({ learner, auc, brier }) => ({ learner, auc, brier })),
  });
  await tx.repo(predictiveModelBody).create({ modelId: made.id, body: JSON.stringify(model) });
  if (good) await tx.jobs.enqueue(RECOMPUTE, { after: null });
}
