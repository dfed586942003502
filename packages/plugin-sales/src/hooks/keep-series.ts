import {
  after,
  before,
  type Context,
  each,
  type HookDefinition,
  isTimeZone,
  ValidationFailed,
} from "@corm/core";
import { isInvitationWrite } from "../calendar/books.js";
import { activityOfOpportunity } from "../entities/activity.js";
import { type ActivitySeries, activitySeries } from "../entities/activity-series.js";
import { isSeriesWrite, seriesBooks } from "../series/books.js";
import { alignOccurrences, makeOccurrences, movedBy } from "../series/keep-occurrences.js";
import { isWallTime, readRule, startsByRule, wallOf } from "../series/recurrence.js";
import { settingsOf } from "../services/settings.js";

type Values = Record<string, unknown>;

/** Of an activity: what makes it another than the series says. */
const OWN = [
  ...["kind", "subject", "body", "location", "durationMinutes", "remindMinutes", "dueAt", "ownerId"],
] as const;
/** Of a series: what its activities follow. */
const TOLD = [...OWN.filter((name) => name !== "dueAt"), "accountId", "contactId", "opportunityId"] as const;

/** Actions of the series write activities themselves. */
const byAction = ({ chain }: Context): boolean => chain.includes("activity.changeSeries");

async function check(values: Values): Promise<void> {
  const { startsAt, timeZone, rule, exceptions } = values as Partial<ActivitySeries>;
  const fail = (field: string, code: string, message: string) =>
    ValidationFailed({ entity: activitySeries.name, issues: [{ pointer: `/${field}`, code, message }] });
  // What is missing or no text is said by the schema.
  if (typeof startsAt !== "string" || typeof rule !== "string" || typeof timeZone !== "string") return;
  if (!isTimeZone(timeZone)) throw fail("timeZone", "time-zone-unknown", "is no IANA time zone");
  if (!isWallTime(startsAt))
    throw fail("startsAt", "no-date", "is no date and time such as 2026-03-02T09:00:00");
  const wrong = Array.isArray(exceptions) ? exceptions.findIndex((one) => !isWallTime(String(one))) : -1;
  if (wrong >= 0)
    throw fail(`exceptions/${wrong}`, "no-date", "is no date and time such as 2026-03-02T09:00:00");
  const parts = readRule(rule);
  if (typeof parts === "string") throw fail("rule", "rule-broken", parts);
  if (!(await startsByRule({ startsAt, timeZone, rule })))
    throw fail("startsAt", "not-by-rule", "is not an occurrence of the rule: begin with one that is");
}

async function align(ctx: Context, old: ActivitySeries, row: ActivitySeries): Promise<void> {
  const sameRule = old.rule === row.rule;
  await alignOccurrences(seriesBooks(ctx), {
    before: old,
    after: row,
    from: wallOf(ctx.clock.now(), old.timeZone),
    moved: sameRule ? movedBy(old.startsAt, row.startsAt) : null,
  });
}

/** Occurrences that were taken out of their series, or put back. */
async function except(
  ctx: Context,
  rows: readonly { readonly seriesId: string | null; readonly occurrence: string | null }[],
  change: (known: Set<string>, occurrence: string) => void,
): Promise<void> {
  const bySeries = new Map<string, string[]>();
  for (const { seriesId, occurrence } of rows)
    if (seriesId !== null && occurrence !== null)
      bySeries.set(seriesId, [...(bySeries.get(seriesId) ?? []), occurrence]);
  const books = seriesBooks(ctx);
  for (const [id, occurrences] of bySeries) {
    const series = await books.repo(activitySeries).first({ where: { id } });
    if (!series) continue;
    const locked = await books.repo(activitySeries).get(id, { lock: true });
    const exceptions = new Set(locked.exceptions);
    for (const one of occurrences) change(exceptions, one);
    await books.repo(activitySeries).update(id, { exceptions: [...exceptions].sort() });
  }
}

/** Series and their activities go together; whoever changes one activity changes that one alone. */
export const keepSeries: readonly HookDefinition[] = [
  before(activitySeries, "create", { name: "sales.fillSeries" }, async (batch, ctx) => {
    for (const { input } of batch) {
      const values = input as Values;
      values["timeZone"] ??= settingsOf(ctx).timeZone;
      values["madeUntil"] = null;
      values["exhausted"] = false;
      await check(values);
    }
  }),
  before(activitySeries, "update", { name: "sales.checkSeries" }, async (batch, ctx) => {
    if (isSeriesWrite(ctx)) return;
    for (const { before: old, patch } of batch) {
      delete patch.madeUntil;
      delete patch.exhausted;
      await check({ ...old, ...patch });
    }
  }),
  after(
    activitySeries,
    "create",
    { name: "sales.beginSeries" },
    each(async ({ row }, ctx) => {
      if (!byAction(ctx)) await makeOccurrences(seriesBooks(ctx), row.id);
    }),
  ),
  after(
    activitySeries,
    "update",
    { name: "sales.alignSeries" },
    each(async ({ before: old, row, changed }, ctx) => {
      if (isSeriesWrite(ctx) || byAction(ctx)) return;
      const times = ["startsAt", "timeZone", "rule", "exceptions"];
      if ([...TOLD, ...times].some((name) => changed.has(name as never))) await align(ctx, old, row);
    }),
  ),
  after(
    activitySeries,
    "delete",
    { name: "sales.endSeries" },
    each(async ({ before: row }, ctx) => {
      const activities = seriesBooks(ctx).repo(activityOfOpportunity);
      const { items } = await activities.find({
        where: { seriesId: row.id, doneAt: null, dueAt: { gt: ctx.now() } },
        select: ["id"],
        limit: 500,
      });
      if (items.length > 0) await activities.deleteMany(items.map(({ id }) => id));
    }),
  ),
  after(
    activitySeries,
    "restore",
    { name: "sales.resumeSeries" },
    each(async ({ row }, ctx) => align(ctx, row, row)),
  ),
  before(activityOfOpportunity, "create", { name: "sales.placeOccurrence" }, (batch, ctx) => {
    if (isSeriesWrite(ctx)) return;
    for (const { input } of batch) {
      Object.assign(input, { seriesId: null, occurrence: null, detached: false, inviteSequence: 0 });
    }
  }),
  before(activityOfOpportunity, "update", { name: "sales.detachOccurrence" }, (batch, ctx) => {
    if (isSeriesWrite(ctx) || isInvitationWrite(ctx)) return;
    for (const { before: old, patch } of batch) {
      const values = patch as unknown as Values;
      for (const name of ["seriesId", "occurrence", "detached", "inviteSequence"]) delete values[name];
      if (old.seriesId === null || old.detached) continue;
      const own = OWN.some((name) => values[name] !== undefined && values[name] !== old[name]);
      if (own) values["detached"] = true;
    }
  }),
  after(activityOfOpportunity, "delete", { name: "sales.exceptOccurrence" }, async (batch, ctx) => {
    if (isSeriesWrite(ctx)) return;
    const rows = batch.map(({ before: row }) => row);
    await except(ctx, rows, (known, occurrence) => known.add(occurrence));
  }),
  after(activityOfOpportunity, "restore", { name: "sales.resumeOccurrence" }, async (batch, ctx) => {
    if (isSeriesWrite(ctx)) return;
    const rows = batch.map(({ row }) => row);
    await except(ctx, rows, (known, occurrence) => known.delete(occurrence));
  }),
];
