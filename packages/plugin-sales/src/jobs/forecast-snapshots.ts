import {
  type Context,
  date,
  defineJob,
  defineSchedule,
  isCormError,
  type JobHandle,
  Type,
  timeZone,
  toInstant,
  user,
} from "@corm/core";
import { type ReportingSums, reportingSums, type SumRow } from "../analysis/reporting-sums.js";
import { addDays } from "../contracts/months.js";
import { forecastSnapshot } from "../entities/forecast.js";
import { opportunity } from "../entities/opportunity.js";
import { nextQuarter, periodDays, quarterOf } from "../forecast/period.js";
import { settingsOf } from "../services/settings.js";
import { sellerDay } from "../services/today.js";

/** Days back for which snapshots are made that no night has made. */
const FILL_DAYS = 31;
const PAGE = 500;
const FORECAST_SNAPSHOTS: JobHandle<{ day?: string }> = { name: "sales.forecastSnapshots" };

/**
 * Keeps what the quarter of a day and the next one looked like when that day ended: by default of yesterday, and has days made that
 * were missed.
 */
export const forecastSnapshots = defineJob(FORECAST_SNAPSHOTS.name, {
  input: Type.Object({ day: Type.Optional(date()) }),
  capability: "sales.forecast",
  transactional: true,
  run: async (ctx, { day: wanted }) => {
    if (wanted !== undefined) {
      if (!(await keptSince(ctx, wanted)).has(wanted)) await keepDay(ctx, wanted);
      return;
    }
    const yesterday = addDays(sellerDay(ctx), -1);
    const kept = await keptSince(ctx, addDays(yesterday, -FILL_DAYS));
    for (const day of await daysUntil(ctx, yesterday)) {
      if (kept.has(day)) continue;
      // Those of missed nights by jobs of their own: what one cannot make another can.
      if (day === yesterday) await keepDay(ctx, day);
      else await ctx.jobs.enqueue(FORECAST_SNAPSHOTS, { day });
    }
  },
});

/** Days that are kept already. */
async function keptSince(ctx: Context, first: string): Promise<Set<string>> {
  const rows = await ctx.repo(forecastSnapshot).aggregate({
    where: { day: { gte: first } },
    groupBy: ["day"],
    measures: { count: { count: true } },
    limit: FILL_DAYS + 2,
  });
  return new Set(rows.map(({ day }) => String(day)));
}

/** The last days at whose end there was an opportunity, the latest first. */
async function daysUntil(ctx: Context, yesterday: string): Promise<string[]> {
  const oldest = await ctx
    .repo(opportunity)
    .first({ select: ["createdAt"], orderBy: ["createdAt"], withDeleted: true });
  const first = oldest && sellerDay(ctx, oldest.createdAt);
  return Array.from({ length: FILL_DAYS + 1 }, (_, back) => addDays(yesterday, -back)).filter(
    (day) => first !== null && day >= first,
  );
}

async function keepDay(ctx: Context, day: string): Promise<void> {
  const { timeZone: zone } = settingsOf(ctx);
  const takenAt = toInstant(timeZone(zone).toInstant(`${addDays(day, 1)}T00:00:00`));
  const quarter = quarterOf(day);
  const present = await sumsOf(ctx, quarter, takenAt);
  const next = await sumsOf(ctx, nextQuarter(quarter), takenAt);
  // Nobody can make this day any more.
  if (!present || !next) return;
  const empty = present.rows.length + next.rows.length === 0;
  // That nothing closes is kept as well, so that the day does not look like one that was missed.
  await keep(ctx, { day, takenAt, period: quarter }, empty ? [nothing(present.currency)] : present.rows);
  await keep(ctx, { day, takenAt, period: nextQuarter(quarter) }, next.rows);
}

const nothing = (currency: string): SumRow => ({
  groups: { ownerId: null, forecastCategory: "omitted" },
  count: 0,
  amount: { amount: "0", currency },
  weighted: { amount: "0", currency },
});

/** What closes in a period, as it stood at an instant; null where states were not kept then. */
async function sumsOf(ctx: Context, period: string, asOf: string): Promise<ReportingSums | null> {
  const { from, until } = periodDays(period);
  const where = { closeDate: { gte: from, lte: until } };
  try {
    return await reportingSums(ctx, { where, groupBy: ["ownerId", "forecastCategory"], asOf });
  } catch (error) {
    if (isCormError(error) && error.code === "before-history") return null;
    throw error;
  }
}

async function keep(
  ctx: Context,
  of: { readonly day: string; readonly takenAt: string; readonly period: string },
  rows: readonly SumRow[],
): Promise<void> {
  const owners = await ownersOf(ctx, rows);
  await ctx.repo(forecastSnapshot).createMany(
    rows.map(({ groups, count, amount, weighted }) => {
      const ownerId = groups["ownerId"] as string | null;
      const category = groups["forecastCategory"] as "closed";
      return {
        ...of,
        ownerId: ownerId !== null && owners.has(ownerId) ? ownerId : null,
        ownerKey: ownerId ?? "none",
        ...{ category, count, amount, weighted },
      };
    }),
  );
}

/** Owners who are still there: whoever is gone by now is known by his key alone. */
async function ownersOf(ctx: Context, rows: readonly SumRow[]): Promise<Set<string>> {
  const ids = new Set(rows.flatMap(({ groups }) => (groups["ownerId"] as string | null) ?? []));
  const found = new Set<string>();
  if (ids.size === 0) return found;
  const users = ctx.repo(user).stream({ where: { id: { in: [...ids] } }, select: ["id"], limit: PAGE });
  for await (const { id } of users) found.add(id);
  return found;
}

export const forecastSnapshotsNightly = defineSchedule("sales.forecastSnapshotsNightly", {
  cron: "20 0 * * *",
  job: forecastSnapshots,
  input: {},
});
