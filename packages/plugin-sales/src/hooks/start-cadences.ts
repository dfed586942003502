import {
  addWorkingTime,
  after,
  type BusinessCalendar,
  type Context,
  calendar,
  defineCalendar,
  type HookDefinition,
  timeZone,
  toInstant,
} from "@corm/core";
import { addDays, addMonths } from "../contracts/months.js";
import { activityOfOpportunity } from "../entities/activity.js";
import { type Cadence, cadence } from "../entities/cadence.js";
import { type Opportunity, opportunity } from "../entities/opportunity.js";
import { settingsOf } from "../services/settings.js";
import { sellerDay } from "../services/today.js";

type Step = Cadence["steps"][number];

/** Tasks for customers who were just won, once for each opportunity and cadence. */
async function start(ctx: Context, won: readonly Opportunity[]): Promise<void> {
  if (won.length === 0) return;
  const system = ctx.asSystem({ capability: "sales.cadences", reason: "schedule a cadence" });
  const cadences: Cadence[] = [];
  for await (const one of system
    .repo(cadence)
    .stream({ where: { active: true }, orderBy: ["id"], limit: 500 }))
    cadences.push(one);
  if (cadences.length === 0) return;
  const calendars = await calendarsOf(system, cadences);
  const begun = new Set<string>();
  const activities = system.repo(activityOfOpportunity);
  const known = activities.stream({
    where: { opportunityId: { in: won.map(({ id }) => id) }, cadenceId: { isNull: false } } as never,
    select: ["opportunityId", "cadenceId"],
    limit: 500,
    withDeleted: true,
  });
  for await (const { opportunityId, cadenceId } of known) begun.add(`${opportunityId} ${cadenceId}`);
  const today = sellerDay(ctx);
  for (const one of won)
    for (const each of cadences) {
      if (each.pipelineId !== null && each.pipelineId !== one.pipelineId) continue;
      if (begun.has(`${one.id} ${each.id}`)) continue;
      const { id: opportunityId, ownerId, accountId, contactId } = one;
      const hours = calendars(each);
      await activities.createMany(
        each.steps.flatMap((step) =>
          dueDays(step, today).map((day) => ({
            ...{ kind: step.kind, subject: step.subject, opportunityId, ownerId, accountId, contactId },
            cadenceId: each.id,
            dueAt: firstWorkingMoment(hours, day),
          })),
        ),
      );
    }
}

/** The days of a step, counted from the day on which the customer was won. */
export function dueDays({ every, times }: Step, from: string): string[] {
  return Array.from({ length: times }, (_, at) => {
    const n = at + 1;
    if (every === "day") return addDays(from, n);
    if (every === "week") return addDays(from, 7 * n);
    return addMonths(from, every === "month" ? n : 3 * n);
  });
}

/** The first moment of work on a day, or on the next one that has any. */
export function firstWorkingMoment(hours: BusinessCalendar, day: string): string {
  const midnight = timeZone(hours.timeZone).toInstant(`${day}T00:00:00`);
  return toInstant(addWorkingTime(hours, midnight, 1) - 1);
}

async function calendarsOf(
  system: Context,
  cadences: readonly Cadence[],
): Promise<(cadence: Cadence) => BusinessCalendar> {
  const { timeZone: zone, calendars } = settingsOf(system);
  const day: [string, string][] = [["09:00", "17:00"]];
  const office = defineCalendar({
    timeZone: zone,
    week: { mon: day, tue: day, wed: day, thu: day, fri: day },
  });
  const ids = [...new Set(cadences.flatMap(({ calendarId }) => calendarId ?? []))];
  const own = new Map<string, BusinessCalendar>();
  if (ids.length > 0)
    for await (const one of system.repo(calendar).stream({ where: { id: { in: ids } }, limit: 500 }))
      own.set(one.id, calendars.of(one));
  return ({ calendarId }) => own.get(calendarId ?? "") ?? office;
}

export const startCadences: readonly HookDefinition[] = [
  after(opportunity, "update", { name: "sales.startCadences" }, (batch, ctx) =>
    start(
      ctx,
      batch.filter(({ row, changed }) => changed.has("status") && row.status === "won").map(({ row }) => row),
    ),
  ),
];
