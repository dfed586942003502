import { type Context, defineJob, defineSchedule, Type, timeZone, toInstant } from "@corm/core";
import { reportingSums } from "../analysis/reporting-sums.js";
import { addDays } from "../contracts/months.js";
import { forecastSnapshot } from "../entities/forecast.js";
import { nextQuarter, periodDays, quarterOf } from "../forecast/period.js";
import { settingsOf } from "../services/settings.js";
import { todayIn } from "../services/today.js";

/** Keeps what the present quarter and the next one looked like when the day before ended. */
export const forecastSnapshots = defineJob("sales.forecastSnapshots", {
  input: Type.Object({}),
  capability: "sales.forecast",
  transactional: true,
  run: async (ctx) => {
    const zone = settingsOf(ctx).timeZone;
    const today = todayIn(zone, ctx.clock.now());
    const takenAt = toInstant(timeZone(zone).toInstant(`${today}T00:00:00`));
    const day = addDays(today, -1);
    const quarter = quarterOf(day);
    for (const period of [quarter, nextQuarter(quarter)]) await keep(ctx, day, takenAt, period);
  },
});

async function keep(ctx: Context, day: string, takenAt: string, period: string): Promise<void> {
  const snapshots = ctx.repo(forecastSnapshot);
  // Once for a day, however often it is asked for.
  if ((await snapshots.first({ where: { day, period }, select: ["id"] })) !== null) return;
  const { from, until } = periodDays(period);
  const { rows } = await reportingSums(ctx, {
    where: { closeDate: { gte: from, lte: until } },
    groupBy: ["ownerId", "forecastCategory"],
    asOf: takenAt,
  });
  await snapshots.createMany(
    rows.map(({ groups, count, amount, weighted }) => {
      const ownerId = groups["ownerId"] as string | null;
      const category = groups["forecastCategory"] as "closed";
      return {
        day,
        takenAt,
        period,
        ownerId,
        ownerKey: ownerId ?? "none",
        category,
        count,
        amount,
        weighted,
      };
    }),
  );
}

export const forecastSnapshotsNightly = defineSchedule("sales.forecastSnapshotsNightly", {
  cron: "20 0 * * *",
  job: forecastSnapshots,
  input: {},
});
