import {
  addWorkingTime,
  type BusinessCalendar,
  type Calendar,
  type Calendars,
  type Context,
  type JobHandle,
  toInstant,
} from "@corm/core";
import { type Lead, lead } from "../entities/lead.js";
import { type LeadResponse, leadResponse } from "../entities/lead-response.js";
import { type ResponsePolicy, responsePolicy } from "../entities/response-policy.js";

export const RESPONSE_DUE: JobHandle<{ responseId: string }> = { name: "leads.responseDue" };
export const RESPONSE_WARN: JobHandle<{ responseId: string }> = { name: "leads.responseWarn" };
export const RESPONSE_REPLAN: JobHandle<{ policyId: string; after: string | null }> = {
  name: "leads.responseReplan",
};
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
    return policy ? [{ leadId: row.id, policyId: policy.id, ...termsOf(policy, row.createdAt) }] : [];
  });
  await haveLooked(ctx, await ctx.repo(leadResponse).createMany(watched));
}

/** Has somebody look when leads are due, and when somebody is to be warned of it. */
async function haveLooked(
  ctx: Context,
  rows: readonly Pick<LeadResponse, "id" | "dueAt" | "warnAt">[],
): Promise<void> {
  await ctx.jobs.enqueueMany(
    RESPONSE_DUE,
    rows.map(({ id, dueAt: runAt }) => ({ input: { responseId: id }, runAt })),
  );
  const warnings = rows.flatMap(({ id, warnAt: runAt }) =>
    runAt === null ? [] : [{ input: { responseId: id }, runAt }],
  );
  if (warnings.length > 0) await ctx.jobs.enqueueMany(RESPONSE_WARN, warnings);
}

/** When a lead that came at an instant is to be answered, and when somebody is warned of it. */
function termsOf(policy: Active, createdAt: string): { dueAt: string; warnAt: string | null } {
  const { minutes, warnMinutes } = policy;
  return {
    dueAt: timeOf(policy, createdAt, minutes),
    warnAt: warnMinutes === null ? null : timeOf(policy, createdAt, Math.max(0, minutes - warnMinutes)),
  };
}

/** So many minutes of the policy's working time after a lead came. */
function timeOf({ clock }: Active, createdAt: string, minutes: number): string {
  const [from, span] = [Date.parse(createdAt), minutes * MINUTE_MS];
  return toInstant(clock ? addWorkingTime(clock, from, span) : from + span);
}

const PAGE = 200;

/**
 * The policy or its calendar has changed: what is neither answered nor late by now changes with it. A page; answers where the next
 * one begins, or null.
 */
export async function replanResponses(
  ctx: Context,
  { policyId, after }: { readonly policyId: string; readonly after: string | null },
  calendars: Calendars,
): Promise<string | null> {
  const policy = await ctx
    .repo(responsePolicy)
    .first({ where: { id: policyId }, include: ["calendar"], withDeleted: true });
  if (!policy) return null;
  const active = withClock(policy, calendars);
  const responses = ctx.repo(leadResponse);
  const { items, next } = await responses.find({
    where: { policyId, respondedAt: null, breachedAt: null },
    include: ["lead"],
    orderBy: ["id"],
    limit: PAGE,
    after,
  });
  const moved = items.flatMap(({ id, version, dueAt, warnAt, lead: row }) => {
    const terms = row ? termsOf(active, row.createdAt) : { dueAt, warnAt };
    if (terms.dueAt === dueAt && terms.warnAt === warnAt) return [];
    return [{ id, version, patch: { ...terms, warnedAt: null } }];
  });
  await responses.updateMany(moved);
  await haveLooked(
    ctx,
    moved.map(({ id, patch }) => ({ id, ...patch })),
  );
  return next;
}

async function activePolicies(ctx: Context, calendars: Calendars): Promise<Active[]> {
  const { items } = await ctx.repo(responsePolicy).find({
    where: { active: true },
    include: ["calendar"],
    orderBy: ["priority", "id"],
    limit: 100,
  });
  return items.map((policy) => withClock(policy, calendars));
}

const withClock = (
  { calendar, ...policy }: ResponsePolicy & { readonly calendar: Calendar | null },
  calendars: Calendars,
): Active => ({ ...policy, clock: calendar ? calendars.of(calendar) : null });

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
