import { type Context, timeZone, toInstant } from "@corm/core";
import { activityOfOpportunity } from "../entities/activity.js";
import { type ActivitySeries, activitySeries } from "../entities/activity-series.js";
import { daysLater, goesOn, occurrencesBetween, shiftWall, wallMs, wallOf } from "./recurrence.js";

/** Activities are made so far ahead: at most one a day, so at most as many. */
export const DAYS_AHEAD = 90;
/** More than can be ahead, with those that were moved by hand. */
const MAX_ROWS = 500;

export const instantOf = (wall: string, zone: string): string => toInstant(timeZone(zone).toInstant(wall));

/** What an activity has of its series. */
function valuesOf(series: ActivitySeries, occurrence: string) {
  const { kind, subject, body, location, durationMinutes, remindMinutes } = series;
  const { ownerId, accountId, contactId, opportunityId } = series;
  return {
    ...{ kind, subject, body, location, durationMinutes, remindMinutes },
    ...{ ownerId, accountId, contactId, opportunityId },
    dueAt: instantOf(occurrence, series.timeZone),
  };
}

/** What the series says otherwise than before. */
function changesOf(before: ActivitySeries, after: ActivitySeries): Partial<ReturnType<typeof valuesOf>> {
  const { dueAt: _, ...values } = valuesOf(after, after.startsAt);
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => before[name as keyof ActivitySeries] !== value),
  );
}

const create = (books: Context, series: ActivitySeries, occurrences: readonly string[]) =>
  books.repo(activityOfOpportunity).createMany(
    occurrences.map((occurrence) => ({
      ...valuesOf(series, occurrence),
      seriesId: series.id,
      occurrence,
    })),
  );

/**
 * Makes the activities of the next 90 days that are not made yet. What lies before the day on which the series was written
 * is not made up. In a transaction, and once for a series at a time: whoever comes second finds it done.
 */
export async function makeOccurrences(books: Context, id: string): Promise<number> {
  const series = await books.repo(activitySeries).get(id, { lock: true });
  const now = wallOf(books.clock.now(), series.timeZone);
  const to = `${daysLater(now, DAYS_AHEAD).slice(0, 10)}T23:59:59`;
  const made = series.madeUntil === null ? null : wallOf(Date.parse(series.madeUntil), series.timeZone);
  if (series.exhausted || (made !== null && made >= to)) return 0;
  const from = made === null ? `${now.slice(0, 10)}T00:00:00` : shiftWall(made, 1000);
  const without = new Set(series.exceptions);
  const wanted = (await occurrencesBetween(series, from, to)).filter((one) => !without.has(one));
  if (wanted.length > 0) await create(books, series, wanted);
  await noteMade(books, series, to);
  return wanted.length;
}

async function noteMade(books: Context, series: ActivitySeries, to: string, exceptions?: readonly string[]) {
  await books.repo(activitySeries).update(series.id, {
    madeUntil: instantOf(to, series.timeZone),
    exhausted: !(await goesOn(series, to)),
    ...(exceptions ? { exceptions: [...exceptions] } : {}),
  });
}

export interface SeriesChange {
  /** The series that the activities are of now. */
  readonly before: ActivitySeries;
  /** The series that they are to be of: the same one, or the one that goes on from it. */
  readonly after: ActivitySeries;
  /** The first occurrence of `before` that changes, by its clock. */
  readonly from: string;
  /** Milliseconds by which occurrences move on the wall; null where the rule is another one, and no place goes on. */
  readonly moved: number | null;
}

/**
 * Brings the activities of a series in line with what it says now. An activity keeps its id, and so its guests and notes,
 * where its place in the series goes on; one that was changed by itself keeps what was changed, and one that is done stays.
 */
export async function alignOccurrences(books: Context, change: SeriesChange): Promise<void> {
  const { before, after, from, moved } = change;
  const activities = books.repo(activityOfOpportunity);
  const { items: rows } = await activities.find({
    where: { seriesId: before.id, occurrence: { gte: from } },
    orderBy: ["occurrence", "id"],
    limit: MAX_ROWS,
  });
  const now = wallOf(books.clock.now(), after.timeZone);
  const to = `${daysLater(now, DAYS_AHEAD).slice(0, 10)}T23:59:59`;
  // Exceptions that came with the change are meant as they are; others move with their series.
  const given = before.id === after.id && before.exceptions.join() !== after.exceptions.join();
  const [, later] = [now, after.startsAt].sort() as [string, string];
  const start = moved === null ? later : shiftWall(from, moved);
  const slots = await occurrencesBetween(after, start, to);
  const known = new Set(slots);
  const placeOf = (occurrence: string, at: number): string | undefined => {
    if (moved === null) return slots[at];
    const place = shiftWall(occurrence, moved);
    return known.has(place) ? place : undefined;
  };
  const kept = before.id === after.id ? before.exceptions.filter((one) => one < from) : [];
  const left = moved === null ? [] : before.exceptions.filter((one) => one >= from);
  const exceptions = given ? after.exceptions : [...kept, ...left.map((one) => shiftWall(one, moved ?? 0))];
  const skipped = new Set(exceptions);
  const taken = new Set(exceptions);
  const changed = changesOf(before, after);
  const surplus: string[] = [];
  const patches = rows.flatMap((row, at) => {
    const slot = placeOf(row.occurrence as string, at);
    if (slot === undefined || skipped.has(slot)) {
      if (row.doneAt === null) surplus.push(row.id);
      return [];
    }
    taken.add(slot);
    const place = { seriesId: after.id, occurrence: slot };
    const dueAt = instantOf(slot, after.timeZone);
    const wanted = row.detached || row.doneAt !== null ? place : { ...place, ...changed, dueAt };
    const patch = Object.fromEntries(
      Object.entries(wanted).filter(([name, value]) => row[name as keyof typeof row] !== value),
    );
    return Object.keys(patch).length > 0 ? [{ id: row.id, version: row.version, patch }] : [];
  });
  if (surplus.length > 0) await activities.deleteMany(surplus);
  if (patches.length > 0) await activities.updateMany(patches);
  const missing = slots.filter((slot) => !taken.has(slot));
  if (missing.length > 0) await create(books, after, missing);
  await noteMade(books, after, to, exceptions);
}

/** By how much a series moves on the wall. */
export const movedBy = (from: string, to: string): number => wallMs(to) - wallMs(from);
