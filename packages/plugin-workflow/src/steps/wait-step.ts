import {
  addWorkingTime,
  type Context,
  calendar,
  defineCalendar,
  type Elapsed,
  elapsedMs,
  Type,
  toInstant,
} from "@corm/core";
import { targetOf } from "../assignment/target.js";
import { StepUnable } from "../errors.js";
import { settingsOf } from "../services/settings.js";
import { defineStep, type StepCall, type StepResult } from "./step-kind.js";

const closed = { additionalProperties: false };
const amount = () => Type.Optional(Type.Number({ minimum: 0, maximum: 100_000 }));
const span = Type.Object({ days: amount(), hours: amount(), minutes: amount(), seconds: amount() }, closed);

/** Monday to Friday, for who names no calendar. */
const WEEKDAYS = defineCalendar({
  timeZone: "UTC",
  week: Object.fromEntries(["mon", "tue", "wed", "thu", "fri"].map((day) => [day, [["00:00", "24:00"]]])),
});

/**
 * Waits: so long, until an instant, until an event, or until the record satisfies a condition. With `timeout` it goes on
 * then as well; the output says which: `{ timedOut }`.
 */
export const waitStep = defineStep({
  name: "wait",
  label: "Wait",
  input: Type.Object({
    for: Type.Optional(span),
    /** So much time of a calendar (`calendarId`), or of weekdays in UTC. */
    working: Type.Optional(span),
    calendarId: Type.Optional(Type.String({ format: "uuid" })),
    /** RFC 3339; an instant that has passed does not hold it up. */
    until: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    /** Of any record, or of the run's where events are about it. */
    event: Type.Optional(Type.String()),
    /** On the record of the run, in the filter language. */
    condition: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    timeout: Type.Optional(span),
  }),
  check: (step, ctx) => {
    const named = ["for", "working", "until", "event", "condition"].filter(
      (name) => step[name] !== undefined,
    );
    if (named.length !== 1) return `says one of "for", "working", "until", "event" and "condition"`;
    if (step["event"] !== undefined && !ctx.catalog.events.has(String(step["event"])))
      return `no plugin of this app emits "${String(step["event"])}"`;
    return null;
  },
  run: async (input, call) => {
    const { ctx, books, run, woken, trial } = call;
    if (trial) return { output: { timedOut: false } };
    const { event, condition, timeout } = input;
    if (condition !== undefined) {
      if (run.target === null || run.recordId === null)
        throw StepUnable({ step: "wait", reason: "has no record whose condition it could wait for" });
      if (await satisfies(ctx, run.target, run.recordId, condition)) return { output: { timedOut: false } };
      if (woken === "time") return { output: { timedOut: true } };
      // Who changes it meanwhile comes before the second look, or after the commit of the wait, which he then ends.
      await lockRecord(books, run.target, run.recordId);
      if (await satisfies(ctx, run.target, run.recordId, condition)) return { output: { timedOut: false } };
      const record = { entity: run.target, id: run.recordId };
      return { wait: { record, ...deadline(call, timeout) } };
    }
    if (event !== undefined) {
      if (woken !== undefined) return { output: { timedOut: woken === "time" } };
      return { wait: { event, ...deadline(call, timeout) } };
    }
    if (woken !== undefined) return { output: { timedOut: false } };
    return until(call, await dueOf(ctx, input));
  },
});

/** The first time it begins to wait counts: looking again must not put the end off. */
function deadline(
  { ctx, memory }: StepCall,
  timeout: Elapsed | undefined,
): { until?: string; memory?: unknown } {
  if (timeout === undefined) return {};
  const end = typeof memory === "string" ? memory : toInstant(ctx.clock.now() + elapsedMs(timeout));
  return { until: end, memory: end };
}

function until({ ctx }: StepCall, due: string): StepResult {
  return due <= ctx.now() ? { output: { timedOut: false } } : { wait: { until: due } };
}

async function dueOf(
  ctx: Context,
  input: { for?: Elapsed; working?: Elapsed; calendarId?: string; until?: string | null },
): Promise<string> {
  const now = ctx.clock.now();
  if (input.for !== undefined) return toInstant(now + elapsedMs(input.for));
  if (input.working === undefined) return input.until ?? ctx.now();
  const { calendarId } = input;
  const hours =
    calendarId === undefined
      ? WEEKDAYS
      : settingsOf(ctx).calendars.of(await ctx.repo(calendar).get(calendarId));
  return toInstant(addWorkingTime(hours, now, elapsedMs(input.working)));
}

async function lockRecord(books: Context, target: string, id: string): Promise<void> {
  const records = targetOf(books, target);
  const options = { withDeleted: true } as const;
  const there = await records.first({ where: { id } as never, select: ["id"], ...options });
  if (there !== null) await records.get(id, { lock: true, ...options });
}

async function satisfies(
  ctx: Context,
  target: string,
  id: string,
  condition: Record<string, unknown>,
): Promise<boolean> {
  const where = { and: [{ id }, condition] } as never;
  return (await targetOf(ctx, target).first({ where, select: ["id"] })) !== null;
}
