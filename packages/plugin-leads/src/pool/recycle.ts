import { type Context, type JobHandle, toInstant, VersionConflict } from "@corm/core";
import { lead } from "../entities/lead.js";
import { type LeadHolding, leadHolding } from "../entities/lead-holding.js";
import { leadRecycled, leadRecycleWarned } from "../events.js";

const PAGE = 200;

export const REPLAN: JobHandle<{ poolId: string; after: string | null }> = { name: "leads.replanPool" };

export const ROUND: JobHandle<Record<never, never>> = { name: "leads.poolRound" };
const ROUND_MS = 300_000;

/**
 * Has somebody look when one of the terms comes, at full five minutes: one job for all that come due until then, and none
 * where nothing does.
 */
export async function roundsFor(
  ctx: Context,
  plans: readonly Pick<LeadHolding, "recycleAt" | "warnAt">[],
): Promise<void> {
  const soonest = Math.floor(ctx.clock.now() / ROUND_MS) + 1;
  const rounds = new Set(
    plans
      .flatMap(({ recycleAt, warnAt }) => [recycleAt, warnAt])
      .filter((at) => at !== null)
      .map((at) => Math.max(soonest, Math.ceil(Date.parse(at) / ROUND_MS)) * ROUND_MS),
  );
  const jobs = [...rounds].map((at) => {
    const runAt = toInstant(at);
    return { input: {}, runAt, dedupeId: `${ROUND.name}@${runAt}` };
  });
  for (let start = 0; start < jobs.length; start += 500)
    await ctx.jobs.enqueueMany(ROUND, jobs.slice(start, start + 500));
}

/** Warns of what goes back soon, and takes back what is due. One that fails does not keep the others. */
export async function poolRound(ctx: Context): Promise<void> {
  const failures: unknown[] = [];
  const each = async (where: object, work: (tx: Context, one: LeadHolding) => Promise<void>) => {
    const due = ctx
      .repo(leadHolding)
      .stream({ where: { endedAt: null, ...where }, orderBy: ["id"], limit: PAGE });
    for await (const one of due) {
      try {
        await ctx.transaction((tx) => work(tx, one as LeadHolding));
      } catch (error) {
        // Somebody has done something about it at this moment: the next round sees what.
        if (!VersionConflict.is(error)) failures.push(error);
      }
    }
  };
  const now = ctx.now();
  await each({ recycleAt: { lte: now } }, takeBack);
  await each({ warnAt: { lte: now }, warnedAt: null, recycleAt: { gt: now } }, warn);
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} leads could not be recycled`);
}

async function warn(tx: Context, { id, version, ...held }: LeadHolding): Promise<void> {
  await tx.repo(leadHolding).update(id, { warnedAt: tx.now() }, { version });
  const { userId, poolId } = held;
  const [recycleAt, reason] = [held.recycleAt as string, held.recycleReason as "unfollowed" | "unwon"];
  await tx.emit(
    leadRecycleWarned,
    { userId, poolId, recycleAt, reason },
    { entity: lead, record: held.leadId },
  );
}

async function takeBack(tx: Context, { id, version, ...held }: LeadHolding): Promise<void> {
  const row = await tx.repo(lead).get(held.leadId, { lock: true });
  const reason = held.recycleReason as "unfollowed" | "unwon";
  await tx.repo(leadHolding).update(id, endOf(tx, reason), { version });
  // Whoever has got it by another way keeps it.
  if (row.ownerId !== held.userId || row.poolId !== held.poolId) return;
  await tx.repo(lead).update(row.id, { ownerId: null });
  const { userId, poolId } = held;
  await tx.emit(leadRecycled, { userId, poolId, reason }, { entity: lead, record: row.id });
}

/** What ends a holding. */
export const endOf = (ctx: Context, endReason: NonNullable<LeadHolding["endReason"]>) => ({
  endedAt: ctx.now(),
  endReason,
  openKey: null,
  recycleAt: null,
  recycleReason: null,
  warnAt: null,
});
