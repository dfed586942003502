import { type Context, defineAction, oneOf, Type } from "@corm/core";
import { lead } from "../entities/lead.js";
import { type LeadScore, leadScore } from "../entities/lead-score.js";
import { type ScoringModel, scoringModel } from "../entities/scoring-model.js";
import { gather } from "../scoring/gather.js";
import { judge } from "../scoring/judge.js";
import { scoring } from "../scoring/rescore.js";
import { activeModel, scoreLeads } from "../scoring/score-leads.js";

const text = Type.String();
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const explanation = Type.Object({
  score: Type.Integer(),
  fit: Type.Integer(),
  behaviour: Type.Integer(),
  grade: nullable(oneOf(["A", "B", "C", "D"])),
  items: Type.Array(
    Type.Object({
      rule: text,
      label: nullable(text),
      part: text,
      points: Type.Integer(),
      count: Type.Integer(),
    }),
  ),
  reasons: Type.Array(
    Type.Object({ criterion: text, label: nullable(text), weight: Type.Integer(), met: Type.Boolean() }),
  ),
  modelId: nullable(text),
  modelVersion: nullable(Type.Integer()),
  /** What judges how probable a conversion is: a model that was trained, or nothing yet but the rules. */
  judgedBy: Type.Enum(["model", "rules"]),
  probability: nullable(Type.Number()),
  predictedById: nullable(text),
  contributions: Type.Array(
    Type.Object({
      field: text,
      value: Type.Union([text, Type.Number(), Type.Boolean(), Type.Null()]),
      effect: Type.Number(),
    }),
  ),
  computedAt: nullable(text),
  /** False where the score would come out differently by now: events have grown older, or a job is on its way. */
  current: Type.Boolean(),
});

/** Scores a lead now, by the active model. `POST /api/leads/{id}/score` */
export const score = defineAction({
  name: "score",
  on: lead,
  label: "Score a lead",
  input: Type.Object({}),
  output: explanation,
  run: async ({ record }, ctx) => {
    await scoreLeads(scoring(ctx), [record.id]);
    return explain(ctx, record.id);
  },
});

/** Why a lead has its score: rule by rule, as it was computed last, and whether it still holds. `POST /api/leads/{id}/explain-score` */
export const explainScore = defineAction({
  name: "explainScore",
  on: lead,
  label: "Explain a score",
  input: Type.Object({}),
  output: explanation,
  readOnly: true,
  run: ({ record }, ctx) => explain(ctx, record.id),
});

async function explain(caller: Context, leadId: string) {
  const ctx = scoring(caller);
  const kept = await ctx.repo(leadScore).first({ where: { leadId } });
  const model = kept?.modelId ? await ctx.repo(scoringModel).get(kept.modelId, { withDeleted: true }) : null;
  return shown(kept as LeadScore | null, model, await isCurrent(ctx, leadId, kept as LeadScore | null));
}

async function isCurrent(ctx: Context, leadId: string, kept: LeadScore | null): Promise<boolean> {
  const model = await activeModel(ctx);
  if (!model) return true;
  const facts = (await gather(ctx, model, [leadId])).get(leadId);
  const now = facts && judge(model, facts);
  return now?.score === kept?.score && now?.grade === kept?.grade && kept?.modelVersion === model.version;
}

function shown(kept: LeadScore | null, model: ScoringModel | null, current: boolean) {
  const named = (key: string) =>
    [...(model?.fit ?? []), ...(model?.behaviour ?? []), ...(model?.profile ?? [])].find(
      (one) => one.key === key,
    )?.label ?? null;
  return {
    score: kept?.score ?? 0,
    fit: kept?.fit ?? 0,
    behaviour: kept?.behaviour ?? 0,
    grade: kept?.grade ?? null,
    items: (kept?.items ?? []).map((item) => ({ ...item, label: named(item.rule) })),
    reasons: (kept?.reasons ?? []).map((reason) => ({ ...reason, label: named(reason.criterion) })),
    modelId: kept?.modelId ?? null,
    modelVersion: kept?.modelVersion ?? null,
    judgedBy: kept?.predictedById ? ("model" as const) : ("rules" as const),
    probability: kept?.probability ?? null,
    predictedById: kept?.predictedById ?? null,
    contributions: [...(kept?.contributions ?? [])],
    computedAt: kept?.computedAt ?? null,
    current,
  };
}
