import { isDeepStrictEqual } from "node:util";
import type { Context } from "@corm/core";
import { lead } from "../entities/lead.js";
import {
  type LeadScore,
  type LeadScoreInput,
  leadScore,
  type ScoreChangeInput,
  scoreChange,
} from "../entities/lead-score.js";
import { type ScoringModel, scoringModel } from "../entities/scoring-model.js";
import { leadScoreCrossed } from "../events.js";
import {
  activePredictor,
  NO_PREDICTION,
  type Prediction,
  predictLeads,
} from "../prediction/predict-leads.js";
import { gather } from "./gather.js";
import { changesOf, crossings, type Judgement, judge } from "./judge.js";

/** Leads that are scored in one transaction. */
export const SCORE_BATCH = 200;
const OPEN = ["new", "working", "qualified"] as const;

/** The rules of the tenant, or null where it has none. */
export function activeModel(ctx: Context): Promise<ScoringModel | null> {
  return ctx.repo(scoringModel).first({ where: { slot: "active" } });
}

/** By what leads are judged: rules, a trained model, or both. */
interface Judges {
  readonly rules: ScoringModel | null;
  readonly predictorId: string | null;
}

async function judgesOf(ctx: Context): Promise<Judges | null> {
  const rules = await activeModel(ctx);
  const predictorId = (await activePredictor(ctx))?.id ?? null;
  return rules || predictorId ? { rules, predictorId } : null;
}

/** Whether records of an entity say something about leads. */
export async function isCounted(ctx: Context, entity: string): Promise<boolean> {
  const judges = await judgesOf(ctx);
  if (!judges) return false;
  const predicts = judges.predictorId !== null && entity === "touchpoint";
  return predicts || judges.rules?.behaviour.some(({ on }) => on === entity) === true;
}

/** Whether leads are judged at all. */
export const isScoring = async (ctx: Context): Promise<boolean> => (await judgesOf(ctx)) !== null;

type Judged = Judgement & Prediction;

/**
 * Judges open leads by the active models, writes what has changed, and tells of thresholds that were crossed. At most
 * 200, inside a transaction, with the rights of the system. Two that judge the same lead at one moment: the later one gets
 * `version-conflict` or `unique-violation`, so that no crossing is told twice; run it again.
 */
export async function scoreLeads(tx: Context, ids: readonly string[]): Promise<void> {
  const judges = await judgesOf(tx);
  if (!judges || ids.length === 0) return;
  const wanted = [...new Set(ids)].sort();
  // First the version of what is known, then the facts: whoever comes between the two wins, and this one begins again.
  const known = await scoresOf(tx, wanted);
  const { items: leads } = await tx.repo(lead).find({
    where: { id: { in: wanted }, status: { in: OPEN } },
    select: ["id", "score", "grade"],
    orderBy: ["id"],
    limit: wanted.length,
  });
  const judged = await judgeAll(
    tx,
    judges,
    leads.map(({ id }) => id),
  );
  await keepScores(tx, judges, judged, known);
  // Without rules, a score is what somebody has written.
  const changes = leads.flatMap(({ id, score, grade }) => {
    const now = judged.get(id) as Judged;
    return judges.rules === null || (now.score === score && now.grade === grade)
      ? []
      : [{ id, patch: { score: now.score, grade: now.grade } }];
  });
  if (changes.length > 0) await tx.repo(lead).updateMany(changes);
}

const NO_RULES: Judgement = { score: 0, fit: 0, behaviour: 0, items: [], grade: null, reasons: [] };

async function judgeAll(
  tx: Context,
  { rules, predictorId }: Judges,
  ids: readonly string[],
): Promise<Map<string, Judged>> {
  const facts = rules ? await gather(tx, rules, ids) : null;
  const predictions = predictorId ? await predictLeads(tx, predictorId, ids) : null;
  return new Map(
    ids.map((id) => {
      const own = facts?.get(id);
      const judgement = rules && own ? judge(rules, own) : NO_RULES;
      return [id, { ...judgement, ...(predictions?.get(id) ?? NO_PREDICTION) }];
    }),
  );
}

async function scoresOf(tx: Context, ids: readonly string[]): Promise<Map<string, LeadScore>> {
  const { items } = await tx.repo(leadScore).find({ where: { leadId: { in: ids } }, limit: ids.length });
  return new Map(items.map((row) => [row.leadId, row as LeadScore]));
}

async function keepScores(
  tx: Context,
  { rules }: Judges,
  judged: ReadonlyMap<string, Judged>,
  known: ReadonlyMap<string, LeadScore>,
): Promise<void> {
  const at = tx.now();
  const by = { modelId: rules?.id ?? null, modelVersion: rules?.version ?? null };
  const fresh: LeadScoreInput[] = [];
  const moved: { id: string; version: number; patch: Partial<LeadScoreInput> }[] = [];
  const account: ScoreChangeInput[] = [];
  const told: { leadId: string; before: number; now: number }[] = [];
  for (const [leadId, now] of judged) {
    const old = known.get(leadId);
    const row = { ...now, ...by };
    if (old && isSame(old, row)) continue;
    if (old) moved.push({ id: old.id, version: old.version, patch: { ...row, computedAt: at } });
    else fresh.push({ leadId, ...row, computedAt: at });
    for (const change of changesOf(old?.items ?? [], now.items))
      account.push({ leadId, modelId: by.modelId, modelVersion: by.modelVersion ?? 0, ...change, at });
    told.push({ leadId, before: old?.score ?? 0, now: now.score });
  }
  await tx.repo(leadScore).updateMany(moved);
  await tx.repo(leadScore).createMany(fresh);
  for (let start = 0; start < account.length; start += 500)
    await tx.repo(scoreChange).createMany(account.slice(start, start + 500));
  if (!rules) return;
  for (const { leadId, before, now } of told) {
    for (const crossing of crossings(rules.thresholds, before, now)) {
      const payload = { ...crossing, score: now, previous: before, modelId: rules.id };
      await tx.emit(leadScoreCrossed, payload, { entity: lead, record: leadId });
    }
  }
}

const isSame = (old: LeadScore, now: Partial<LeadScore>): boolean =>
  (Object.keys(now) as (keyof LeadScore)[]).every((name) =>
    isDeepStrictEqual(old[name] ?? null, now[name] ?? null),
  );
