import { type AnyEntity, after, type Context, type HookDefinition } from "@corm/core";
import { lead } from "../entities/lead.js";
import { scoringModel } from "../entities/scoring-model.js";
import { RECOMPUTE, rescoreSoon, scoring } from "../scoring/rescore.js";
import { isCounted, isScoring, SCORE_BATCH, scoreLeads } from "../scoring/score-leads.js";

/** What scoring writes itself. */
const SCORED: ReadonlySet<string> = new Set(["score", "grade", "version", "updatedAt"]);

type Event = Readonly<Record<string, unknown>>;

/**
 * New leads are scored in the transaction that makes them, before rules assign them. What happens later is scored by a
 * job: whoever opens a mail does not wait for it, and two events of one lead do not wait for each other.
 */
export function scoreChangedLeads(behaviour: readonly string[]): HookDefinition[] {
  const ofEvents = behaviour.flatMap((name) =>
    (["create", "update"] as const).map((operation) =>
      after(
        { name } as AnyEntity,
        operation,
        { name: `leads.score-${name}-${operation}` },
        (batch: readonly { readonly row: unknown }[], ctx: Context) => scoreEvents(ctx, name, batch),
      ),
    ),
  );
  return [
    after(lead, "create", { name: "leads.scoreNew" }, async (batch, ctx) => {
      const system = scoring(ctx);
      if (!(await isScoring(system))) return;
      const ids = batch.map(({ row }) => row.id);
      for (let start = 0; start < ids.length; start += SCORE_BATCH)
        await scoreLeads(system, ids.slice(start, start + SCORE_BATCH));
    }),
    after(lead, "update", { name: "leads.scoreChanged" }, async (batch, ctx) => {
      const changed = batch.filter((one) => [...one.changed].some((name) => !SCORED.has(name)));
      if (changed.length === 0 || !(await isScoring(scoring(ctx)))) return;
      await rescoreSoon(
        ctx,
        changed.map(({ row }) => row.id),
      );
    }),
    after(scoringModel, "update", { name: "leads.scoreByChangedModel" }, async (batch, ctx) => {
      if (batch.some(({ row }) => row.slot !== null)) await ctx.jobs.enqueue(RECOMPUTE, { after: null });
    }),
    ...ofEvents,
  ];
}

async function scoreEvents(
  ctx: Context,
  on: string,
  batch: readonly { readonly row: unknown }[],
): Promise<void> {
  const ids = batch.flatMap(({ row }) => {
    const leadId = (row as Event)["leadId"];
    return typeof leadId === "string" ? [leadId] : [];
  });
  if (ids.length === 0) return;
  if (await isCounted(scoring(ctx), on)) await rescoreSoon(ctx, ids);
}
