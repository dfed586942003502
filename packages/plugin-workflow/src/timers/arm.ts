import {
  type Context,
  calendar,
  cronTimes,
  parseInstantMs,
  type SubscribedEntry,
  toInstant,
} from "@corm/core";
import { targetOf } from "../assignment/target.js";
import type { Active } from "../automations/active.js";
import type { DateTrigger, TriggerOf } from "../automations/trigger.js";
import { automationCursor } from "../entities/automation-cursor.js";
import { settingsOf } from "../services/settings.js";
import { dueTime, type IsWorkingDay, valuesDue, workingDays } from "./due-time.js";
import { DUE, type DueInput, FIRE } from "./handles.js";

/** Timers are set for so long ahead: longer than it takes until the next look. */
export const AHEAD_MS = 6 * 3_600_000 + 5 * 60_000;
const PAGE = 500;

type Timed = Active & { readonly definition: { readonly trigger: DateTrigger } };

export const isDated = (active: Active): active is Timed => active.definition.trigger.on === "date";

/** Sets the timer of the next time of a schedule. Setting it again changes nothing. */
export async function armSchedule(books: Context, { definition }: Active, after: number): Promise<void> {
  const { cron, zone = "UTC" } = definition.trigger as TriggerOf<"schedule">;
  const next = cronTimes(cron, zone).after(after);
  if (next === null) return;
  const at = toInstant(next);
  await books.jobs.enqueue(
    FIRE,
    { key: definition.key, at },
    { runAt: at, dedupeId: `fire:${definition.key}@${at}` },
  );
}

/**
 * Sets timers for the records that come due until `AHEAD_MS` from now, from where it came the last time on: what was due
 * while nobody looked is made up for. Page by page; in a transaction.
 */
export async function armDates(books: Context, active: Timed): Promise<void> {
  const { key, trigger } = active.definition;
  const kind = books.catalog.entities.get(trigger.entity)?.fields.get(trigger.field)?.kind;
  if (kind !== "date" && kind !== "instant") return;
  const cursors = books.repo(automationCursor);
  const cursor = await cursors.first({ where: { key } });
  const now = books.clock.now();
  const since = active.since === null ? now : parseInstantMs(active.since);
  const from = Math.max(since, cursor ? parseInstantMs(cursor.until) : now);
  const to = now + AHEAD_MS;
  if (from >= to) return;
  const isWorking = await workingDaysOf(books, trigger);
  const [first, end] = valuesDue(trigger, kind, from, to, isWorking);
  const rows = targetOf(books, trigger.entity).stream({
    where: { and: [{ [trigger.field]: { gte: first } }, { [trigger.field]: { lt: end } }] } as never,
    select: ["id", trigger.field] as never,
    limit: PAGE,
  });
  let page: { readonly recordId: string; readonly value: string }[] = [];
  for await (const row of rows) {
    const value = String(row[trigger.field]);
    const due = dueTime(trigger, value, isWorking);
    if (due < from || due >= to) continue;
    page.push({ recordId: row.id, value });
    if (page.length === PAGE) {
      await setTimers(books, active, page, isWorking);
      page = [];
    }
  }
  await setTimers(books, active, page, isWorking);
  const until = toInstant(to);
  if (cursor) await cursors.update(cursor.id, { until });
  else await cursors.upsertMany([{ key, until }], ["key"]);
}

async function setTimers(
  books: Context,
  { definition: { key, trigger } }: Timed,
  dues: readonly { readonly recordId: string; readonly value: string }[],
  isWorking: IsWorkingDay,
): Promise<void> {
  if (dues.length === 0) return;
  await books.jobs.enqueueMany(
    DUE,
    dues.map(({ recordId, value }) => ({
      input: { key, recordId, value } satisfies DueInput,
      runAt: toInstant(dueTime(trigger, value, isWorking)),
      dedupeId: `due:${key}:${recordId}:${value}`,
    })),
  );
}

/** Sets timers for records whose date was given a moment ago and is due soon: the next look would come too late. */
export async function armChanged(
  books: Context,
  active: Timed,
  entries: readonly SubscribedEntry[],
): Promise<void> {
  const { trigger } = active.definition;
  const changed = entries.flatMap(({ entity, record, operation, changes, erased, at }) => {
    const value = changes?.[trigger.field]?.[1];
    const isWritten = operation === "create" || operation === "update" || operation === "restore";
    if (erased || entity !== trigger.entity || record === null || !isWritten || typeof value !== "string")
      return [];
    return [{ recordId: record, value, at: parseInstantMs(at) }];
  });
  if (changed.length === 0) return;
  const isWorking = await workingDaysOf(books, trigger);
  const soon = changed.filter(({ value, at }) => {
    const due = dueTime(trigger, value, isWorking);
    return due > at && due <= books.clock.now() + AHEAD_MS;
  });
  await setTimers(books, active, soon, isWorking);
}

export async function workingDaysOf(books: Context, { calendarId }: DateTrigger): Promise<IsWorkingDay> {
  if (calendarId === undefined) return workingDays(null);
  const found = await books.repo(calendar).first({ where: { id: calendarId } });
  return workingDays(found ? settingsOf(books).calendars.of(found) : null);
}
