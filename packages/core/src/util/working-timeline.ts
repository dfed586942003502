import type { CompiledDefinition, MinuteInterval } from "./calendar-definition.js";
import { DAY_MS } from "./civil.js";

/**
 * Working time on the time line of the wall clock, where every day has 24 hours. All values are local
 * milliseconds, see `TimeZone`.
 */
export interface WorkingTimeline {
  /** Working time from a fixed origin to `local`: the difference of two gives the working time between them. */
  upTo(local: number): number;
  /** The first local time after `from` at which `amount` (above 0) has passed; it lies before or at `to`. */
  reach(from: number, to: number, amount: number): number;
  isWorking(local: number): boolean;
}

interface Piece {
  /** Milliseconds from midnight, within one day. */
  readonly start: number;
  readonly end: number;
}

interface DayPlan {
  readonly pieces: readonly Piece[];
  readonly total: number;
}

interface SpecialDay {
  readonly day: number;
  readonly plan: DayPlan;
  /** Working time that this and all earlier special days have beyond the usual week. */
  readonly surplus: number;
}

const MINUTE_MS = 60_000;
/** 1970-01-01 was a Thursday; day numbers shifted by this begin on a Monday. */
const EPOCH_WEEKDAY = 3;

/**
 * Prepares a calendar so that both questions take logarithmic time, whatever the distance: usual weeks are
 * multiplied, not walked, and special days are a sorted list with running sums.
 */
export function createTimeline(definition: CompiledDefinition): WorkingTimeline {
  const { week, special } = definition;
  const usual = week.map((own, index) => planDay(week[(index + 6) % 7]!, own));
  const usualBefore = usual.map((_, index) => sumTotals(usual.slice(0, index)));
  const weekTotal = sumTotals(usual);
  const weekday = (day: number): number => modulo(day + EPOCH_WEEKDAY, 7);
  const intervalsOf = (day: number): readonly MinuteInterval[] => special.get(day) ?? week[weekday(day)]!;
  const specials = specialDays(special, (day) => {
    const plan = planDay(intervalsOf(day - 1), intervalsOf(day));
    return { plan, surplus: plan.total - usual[weekday(day)]!.total };
  });

  const planOf = (day: number): DayPlan => {
    const found = specials[countBefore(specials, day)];
    return found?.day === day ? found.plan : usual[weekday(day)]!;
  };
  const upToDay = (day: number): number => {
    const weeks = Math.floor((day + EPOCH_WEEKDAY) / 7);
    const before = countBefore(specials, day);
    return weeks * weekTotal + usualBefore[weekday(day)]! + (before > 0 ? specials[before - 1]!.surplus : 0);
  };
  const upTo = (local: number): number => {
    const day = Math.floor(local / DAY_MS);
    const time = local - day * DAY_MS;
    let worked = upToDay(day);
    for (const { start, end } of planOf(day).pieces) if (time > start) worked += Math.min(time, end) - start;
    return worked;
  };

  return {
    upTo,
    reach(from, to, amount) {
      const goal = upTo(from) + amount;
      // The last day that begins before the goal is worked off: the goal lies in it.
      let low = Math.floor(from / DAY_MS);
      let high = Math.floor(to / DAY_MS);
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (upToDay(middle) < goal) low = middle;
        else high = middle - 1;
      }
      let rest = goal - upToDay(low);
      for (const { start, end } of planOf(low).pieces) {
        if (rest <= end - start) return low * DAY_MS + start + rest;
        rest -= end - start;
      }
      return to;
    },
    isWorking(local) {
      const day = Math.floor(local / DAY_MS);
      const time = local - day * DAY_MS;
      return planOf(day).pieces.some(({ start, end }) => time >= start && time < end);
    },
  };
}

/** What is open on one date: its own intervals, and what those of the day before carry past midnight. */
function planDay(yesterday: readonly MinuteInterval[], own: readonly MinuteInterval[]): DayPlan {
  const pieces = [
    ...yesterday.map(({ start, end }) => ({
      start: start * MINUTE_MS - DAY_MS,
      end: end * MINUTE_MS - DAY_MS,
    })),
    ...own.map(({ start, end }) => ({ start: start * MINUTE_MS, end: end * MINUTE_MS })),
  ]
    .map(({ start, end }) => ({ start: Math.max(start, 0), end: Math.min(end, DAY_MS) }))
    .filter(({ start, end }) => start < end)
    .sort((a, b) => a.start - b.start);
  const merged: Piece[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (last && piece.start <= last.end)
      merged.splice(-1, 1, { start: last.start, end: Math.max(last.end, piece.end) });
    else merged.push(piece);
  }
  return { pieces: merged, total: merged.reduce((sum, { start, end }) => sum + end - start, 0) };
}

/** A holiday or exception also changes the date after it, into which a night shift would have reached. */
function specialDays(
  special: ReadonlyMap<number, unknown>,
  plan: (day: number) => { readonly plan: DayPlan; readonly surplus: number },
): readonly SpecialDay[] {
  const days = new Set([...special.keys()].flatMap((day) => [day, day + 1]));
  let surplus = 0;
  return [...days]
    .sort((a, b) => a - b)
    .map((day) => {
      const planned = plan(day);
      surplus += planned.surplus;
      return { day, plan: planned.plan, surplus };
    });
}

/** How many special days lie before a day: a binary search. */
function countBefore(specials: readonly SpecialDay[], day: number): number {
  let low = 0;
  let high = specials.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (specials[middle]!.day < day) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sumTotals(plans: readonly DayPlan[]): number {
  return plans.reduce((sum, { total }) => sum + total, 0);
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
