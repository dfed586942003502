import {
  addWorkingTime,
  type BusinessCalendar,
  type Calendars,
  type Context,
  type JobHandle,
  toInstant,
} from "@corm/core";
import { type Lead, lead } from "../entities/lead.js";
import { leadResponse } from "../entities/lead-response.js";
import { type ResponsePolicy, responsePolicy } from "../entities/response-policy.js";

export const RESPONSE_DUE: JobHandle<{ responseId: string }> = { name: "leads.responseDue" };
export const RESPONSE_WARN: JobHandle<{ responseId: string }> = { name: "leads.responseWarn" };
const MINUTE_MS = 60_000;

export const responding = (ctx: Context): Context =>
  ctx.asSystem({ capability: "leads.response", reason: "watches how soon leads are answered" });

type Active = ResponsePolicy & { readonly clock: BusinessCalendar | null };

/**
 * Says by when new leads are to be answered, and has somebody look at that time: one query per policy, and one job per
 * lead. In the transaction that makes the leads.
 */
export async function watchResponses(
  ctx: Context,
  rows: readonly Lead[],
  calendars: Calendars,
): Promise<void> {
  const policies = await activePolicies(ctx, calendars);
  if (policies.length === 0) return;
  for (let start = 0; start < rows.length; start += 500)
    await watchSome(ctx, rows.slice(start, start + 500), policies);
}

async function watchSome(ctx: Context, rows: readonly Lead[], policies: readonly Active[]): Promise<void> {
  let left = rows.map(({ id }) => id);
  const chosen = new Map<string, Active>();
  for (const policy of policies) {
    const matching = policy.where === null ? left : await satisfying(ctx, left, policy.where);
    for (const id of matching) chosen.set(id, policy);
    left = left.filter((id) => !chosen.has(id));
    if (left.length === 0) break;
  }
  const watched = rows.flatMap((row) => {
    const policy = chosen.get(row.id);
    return policy
      ? [{ leadId: row.id, policyId: policy.id, dueAt: timeOf(policy, row, policy.minutes) }]
      : [];
  });
  const made = await ctx.repo(leadResponse).createMany(watched);
  await ctx.jobs.enqueueMany(
    RESPONSE_DUE,
    made.map(({ id, dueAt: runAt }) => ({ input: { responseId: id }, runAt })),
  );
  const own = new Map(rows.map((row) => [row.id, row]));
  const warnings = made.flatMap(({ id, leadId }) => {
    const policy = chosen.get(leadId) as Active;
    if (policy.warnMinutes === null) return [];
    const after = Math.max(0, policy.minutes - policy.warnMinutes);
    return [{ input: { responseId: id }, runAt: timeOf(policy, own.get(leadId) as Lead, after) }];
  });
  if (warnings.length > 0) await ctx.jobs.enqueueMany(RESPONSE_WARN, warnings);
}

/** So many minutes of the policy's working time after a lead came. */
function timeOf({ clock }: Active, { createdAt }: Lead, minutes: number): string {
  const [from, span] = [Date.parse(createdAt), minutes * MINUTE_MS];
  return toInstant(clock ? addWorkingTime(clock, from, span) : from + span);
}

async function activePolicies(ctx: Context, calendars: Calendars): Promise<Active[]> {
  const { items } = await ctx.repo(responsePolicy).find({
    where: { active: true },
    include: ["calendar"],
    orderBy: ["priority", "id"],
    limit: 100,
  });
  return items.map(({ calendar, ...policy }) => ({
    ...(policy as ResponsePolicy),
    clock: calendar ? calendars.of(calendar) : null,
  }));
}

async function satisfying(ctx: Context, ids: readonly string[], where: unknown): Promise<string[]> {
  if (ids.length === 0) return [];
  const { items } = await ctx.repo(lead).find({
    where: { and: [{ id: { in: ids } }, where as never] },
    select: ["id"],
    limit: ids.length,
  });
  return items.map(({ id }) => id);
}

/** The first answer counts, and only that. `at` by lead. */
export async function noteResponses(ctx: Context, at: ReadonlyMap<string, string>): Promise<void> {
  const ids = [...at.keys()];
  for (let start = 0; start < ids.length; start += 500) {
    const { items } = await ctx.repo(leadResponse).find({
      where: { leadId: { in: ids.slice(start, start + 500) }, respondedAt: null },
      limit: 500,
    });
    await ctx
      .repo(leadResponse)
      .updateMany(items.map(({ id, leadId }) => ({ id, patch: { respondedAt: at.get(leadId) as string } })));
  }
}
