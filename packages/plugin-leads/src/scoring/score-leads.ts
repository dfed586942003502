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
import { gather } from "./gather.js";
import { changesOf, crossings, type Judgement, judge } from "./judge.js";

/** Leads that are scored in one transaction. */
export const SCORE_BATCH = 200;
const OPEN = ["new", "working", "qualified"] as const;

/** The rules of the tenant, or null where it has none. */
export function activeModel(ctx: Context): Promise<ScoringModel | null> {
  return ctx.repo(scoringModel).first({ where: { slot: "active" } });
}

/**
 * Scores open leads by the active model, writes what has changed, and tells of thresholds that were crossed. At most 200,
 * inside a transaction, with the rights of the system. Two that score the same lead at one moment: the later one gets
 * `version-conflict` or `unique-violation`, so that no crossing is told twice; run it again.
 */
export async function scoreLeads(tx: Context, ids: readonly string[]): Promise<void> {
  const model = await activeModel(tx);
  if (!model || ids.length === 0) return;
  const wanted = [...new Set(ids)].sort();
  // First the version of what is known, then the facts: whoever comes between the two wins, and this one begins again.
  const known = await scoresOf(tx, wanted);
  const { items: leads } = await tx.repo(lead).find({
    where: { id: { in: wanted }, status: { in: OPEN } },
    select: ["id", "score", "grade"],
    orderBy: ["id"],
    limit: wanted.length,
  });
  const open = leads.map(({ id }) => id);
  const facts = await gather(tx, model, open);
  const judged = new Map([...facts].map(([id, own]) => [id, judge(model, own)]));
  await keepScores(tx, model, judged, known);
  const changes = leads.flatMap(({ id, score, grade }) => {
    const now = judged.get(id) as Judgement;
    return now.score === score && now.grade === grade
      ? []
      : [{ id, patch: { score: now.score, grade: now.grade } }];
  });
  if (changes.length > 0) await tx.repo(lead).updateMany(changes);
}

async function scoresOf(tx: Context, ids: readonly string[]): Promise<Map<string, LeadScore>> {
  const { items } = await tx.repo(leadScore).find({ where: { leadId: { in: ids } }, limit: ids.length });
  return new Map(items.map((row) => [row.leadId, row as LeadScore]));
}

async function keepScores(
  tx: Context,
  model: ScoringModel,
  judged: ReadonlyMap<string, Judgement>,
  known: ReadonlyMap<string, LeadScore>,
): Promise<void> {
  const at = tx.now();
  const by = { modelId: model.id, modelVersion: model.version };
  const fresh: LeadScoreInput[] = [];
  const moved: { id: string; version: number; patch: Partial<LeadScoreInput> }[] = [];
  const account: ScoreChangeInput[] = [];
  const told: { leadId: string; before: number; now: number }[] = [];
  for (const [leadId, now] of judged) {
    const old = known.get(leadId);
    const changes = changesOf(old?.items ?? [], now.items);
    const same =
      old && changes.length === 0 && old.grade === now.grade && old.modelVersion === by.modelVersion;
    if (same && old.modelId === model.id) continue;
    const row = { ...now, ...by, computedAt: at };
    if (old) moved.push({ id: old.id, version: old.version, patch: row });
    else fresh.push({ leadId, ...row });
    for (const change of changes) account.push({ leadId, ...by, ...change, at });
    told.push({ leadId, before: old?.score ?? 0, now: now.score });
  }
  await tx.repo(leadScore).updateMany(moved);
  await tx.repo(leadScore).createMany(fresh);
  for (let start = 0; start < account.length; start += 500)
    await tx.repo(scoreChange).createMany(account.slice(start, start + 500));
  for (const { leadId, before, now } of told) {
    for (const crossing of crossings(model.thresholds, before, now)) {
      const payload = { ...crossing, score: now, previous: before, modelId: model.id };
      await tx.emit(leadScoreCrossed, payload, { entity: lead, record: leadId });
    }
  }
}
