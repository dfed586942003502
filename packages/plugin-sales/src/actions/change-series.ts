import { assertCan, defineAction, longText, NotFound, Type, ValidationFailed } from "@corm/core";
import { activityOfOpportunity } from "../entities/activity.js";
import { type ActivitySeries, activitySeries, wallTime } from "../entities/activity-series.js";
import { NotOfSeries, OccurrenceIsPast } from "../errors.js";
import { seriesBooks } from "../series/books.js";
import { alignOccurrences, instantOf, movedBy } from "../series/keep-occurrences.js";
import {
  isWallTime,
  occurrencesBetween,
  readRule,
  shiftWall,
  untilBefore,
  wallOf,
  writeRule,
} from "../series/recurrence.js";

const change = Type.Object(
  {
    kind: Type.Optional(Type.Enum(["call", "meeting", "email", "visit", "task"])),
    subject: Type.Optional(Type.String({ minLength: 1, maxLength: 250 })),
    body: Type.Optional(Type.Union([longText(), Type.Null()])),
    location: Type.Optional(Type.Union([Type.String({ maxLength: 500 }), Type.Null()])),
    durationMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 44_640 })),
    remindMinutes: Type.Optional(Type.Integer({ minimum: 0, maximum: 525_600 })),
    ownerId: Type.Optional(Type.String({ format: "uuid" })),
    /** When this occurrence is to begin, by the clock on the wall of the series. */
    startsAt: Type.Optional(wallTime()),
    /** Of "following" and "all". */
    rule: Type.Optional(Type.String({ minLength: 6, maxLength: 500 })),
  },
  { additionalProperties: false },
);

/**
 * Changes an occurrence of a series, this and all that follow, or all that are to come.
 * `POST /api/activities/{id}/change-series`
 *
 * @throws not-of-series, occurrence-is-past, validation-failed
 */
export const changeSeries = defineAction({
  name: "changeSeries",
  on: activityOfOpportunity,
  label: "Change a series",
  description:
    "Changes one occurrence, this and all that follow, or all that are to come; or takes them out.",
  input: Type.Object({
    scope: Type.Enum(["one", "following", "all"]),
    change: Type.Optional(change),
    /** True to take them out of the calendar instead. */
    cancel: Type.Optional(Type.Boolean()),
  }),
  output: Type.Object({ seriesId: Type.Union([Type.String(), Type.Null()]) }),
  run: async ({ record, input }, ctx) => {
    await assertCan(ctx, ["update"], activityOfOpportunity, [record.id]);
    const { seriesId, occurrence } = record;
    if (seriesId === null || occurrence === null) throw NotOfSeries({ id: record.id });
    const { scope, cancel = false, change: wanted = {} } = input;
    const { startsAt, rule, ...told } = wanted;
    const wrong =
      startsAt !== undefined && !isWallTime(startsAt)
        ? { pointer: "/change/startsAt", code: "no-date", message: "is no date and time" }
        : scope === "one" && rule !== undefined
          ? { pointer: "/change/rule", code: "not-of-one", message: 'is of "following" and "all"' }
          : null;
    if (wrong) throw ValidationFailed({ entity: "body", issues: [wrong] });
    const allSeries = ctx.repo(activitySeries);
    const series = await allSeries.first({ where: { id: seriesId } });
    if (!series) throw NotFound({ entity: activitySeries.name, id: seriesId });

    if (scope === "one") {
      const activities = ctx.repo(activityOfOpportunity);
      if (cancel) await activities.delete(record.id);
      else {
        const dueAt = startsAt === undefined ? {} : { dueAt: instantOf(startsAt, series.timeZone) };
        await activities.update(record.id, { ...told, ...dueAt });
      }
      return { seriesId };
    }

    const now = wallOf(ctx.clock.now(), series.timeZone);
    const all = scope === "all";
    const from = all ? now : occurrence;
    if (!all && from < now) throw OccurrenceIsPast({ occurrence });
    const sameRule = rule === undefined || rule === series.rule;
    const moved = startsAt === undefined ? 0 : movedBy(occurrence, startsAt);
    const books = seriesBooks(ctx);

    if (!all && occurrence > series.startsAt) {
      // What went before ends, what follows goes on as a series of its own.
      const parts = readRule(series.rule) as Map<string, string>;
      const count = parts.get("COUNT");
      parts.delete("COUNT");
      const ended = writeRule(new Map([...parts, ["UNTIL", untilBefore(occurrence, series.timeZone)]]));
      const rest =
        rule ??
        (count === undefined
          ? series.rule
          : writeRule(new Map([...parts, ["COUNT", await countFrom(series, occurrence, count)]])));
      if (cancel) {
        const after = await allSeries.update(series.id, { rule: ended });
        await alignOccurrences(books, { before: series, after, from, moved: 0 });
        return { seriesId };
      }
      await allSeries.update(series.id, {
        rule: ended,
        exceptions: series.exceptions.filter((one) => one < from),
      });
      const { kind, subject, body, location, durationMinutes, remindMinutes } = series;
      const { ownerId, accountId, contactId, opportunityId, timeZone } = series;
      const after = await allSeries.create({
        ...{ kind, subject, body, location, durationMinutes, remindMinutes },
        ...{ ownerId, accountId, contactId, opportunityId, timeZone },
        ...told,
        startsAt: shiftWall(occurrence, moved),
        rule: rest,
      });
      await alignOccurrences(books, { before: series, after, from, moved: sameRule ? moved : null });
      await books.repo(activitySeries).update(series.id, { exhausted: true });
      return { seriesId: after.id };
    }

    if (cancel) {
      // The whole of it: what has been done stays.
      await allSeries.delete(series.id);
      return { seriesId: null };
    }
    const patch = { ...told, ...(rule === undefined ? {} : { rule }) };
    const begun = sameRule || startsAt === undefined ? shiftWall(series.startsAt, moved) : startsAt;
    const after = await allSeries.update(series.id, { ...patch, startsAt: begun });
    await alignOccurrences(books, { before: series, after, from, moved: sameRule ? moved : null });
    return { seriesId };
  },
});

/** How many of a counted series are left from an occurrence on. */
async function countFrom(series: ActivitySeries, occurrence: string, count: string): Promise<string> {
  const gone = await occurrencesBetween(series, series.startsAt, shiftWall(occurrence, -1000));
  return String(Number(count) - gone.length);
}
