import { ValidationFailed } from "../errors/core-errors.js";
import { type CormError, type Issue, isCormError } from "../errors/corm-error.js";
import { TransactionConflict } from "../errors/storage-errors.js";

export interface Rejection {
  /** Number of the row in the source, as the source counts. */
  readonly row: number;
  /** Field that is to blame, or null for the row as a whole. */
  readonly field: string | null;
  readonly reason: string;
}

/** A row on its way: with what it would write, or with why it cannot. */
export type Pending<Input> =
  | { readonly row: number; readonly input: Input }
  | { readonly row: number; readonly rejection: Rejection };

export interface Settling<Input> {
  /** Writes the good rows and notes the others: all or nothing. */
  readonly write: (rows: readonly Pending<Input>[]) => Promise<void>;
  /** Entity whose batches the issues of a failed validation are about; without it they are not believed. */
  readonly entity?: string;
  /** Tells which rows an error is about, where its issues do not: by place. */
  readonly explain?: (
    error: CormError,
    inputs: readonly Input[],
  ) => Promise<ReadonlyMap<number, Omit<Rejection, "row">>>;
  /** Errors that are no row's fault beside those of storage. */
  readonly isFatal?: (error: CormError) => boolean;
}

/**
 * Writes rows in their order, in as few transactions as their faults allow: what an error says of its rows is believed,
 * and where it says nothing, the batch is halved until the row that is to blame stands alone. Every row is written or
 * rejected once this is done; where it throws, a first part of them is.
 */
export async function settle<Input>(
  rows: readonly Pending<Input>[],
  settling: Settling<Input>,
): Promise<void> {
  let pending = rows;
  for (;;) {
    const good = pending.flatMap((item, place) => ("input" in item ? [{ ...item, place }] : []));
    try {
      return await settling.write(pending);
    } catch (error) {
      // What is no row's fault (the database is gone, or too busy) must not be blamed on one.
      if (TransactionConflict.is(error) || good.length === 0) throw error;
      if (!isCormError(error) || error.status >= 500 || settling.isFatal?.(error)) throw error;
      const blamed = new Map(blameByPlace(error, settling.entity));
      if (blamed.size === 0 && settling.explain) {
        const inputs = good.map((item) => item.input);
        for (const [place, why] of await settling.explain(error, inputs)) blamed.set(place, why);
      }
      if (blamed.size === 0 && good.length === 1) blamed.set(0, blame(error.issues, error.message));
      if (blamed.size === 0) {
        const middle = (good[good.length >> 1] as { place: number }).place;
        await settle(pending.slice(0, middle), settling);
        pending = pending.slice(middle);
        continue;
      }
      const reasons = new Map(
        [...blamed].flatMap(([n, why]) => (good[n] ? [[good[n].place, why] as const] : [])),
      );
      if (reasons.size === 0) throw error;
      pending = pending.map((item, place) => {
        const why = reasons.get(place);
        return why ? turnedAway(item, why) : item;
      });
    }
  }
}

/** The row with whatever else its source has put on it. */
function turnedAway<Input>(item: Pending<Input>, why: Omit<Rejection, "row">): Pending<Input> {
  const { input: _, ...rest } = item as { readonly row: number; readonly input?: Input };
  return { ...rest, rejection: { row: item.row, ...why } };
}

/** A failed validation of a batch names the rows: `/3/amount`. */
function* blameByPlace(
  error: CormError,
  entity: string | undefined,
): Generator<readonly [number, Omit<Rejection, "row">]> {
  if (entity === undefined || !ValidationFailed.is(error) || error.meta["entity"] !== entity) return;
  const perRow = new Map<number, Issue[]>();
  for (const issue of error.issues) {
    const place = /^\/(\d+)(?=\/|$)/.exec(issue.pointer)?.[1];
    if (place === undefined) return;
    const issues = perRow.get(Number(place)) ?? [];
    issues.push(issue);
    perRow.set(Number(place), issues);
  }
  for (const [place, issues] of perRow) yield [place, blame(issues, error.message)];
}

function blame(issues: readonly Issue[], message: string): Omit<Rejection, "row"> {
  const [issue] = issues;
  if (!issue) return { field: null, reason: message };
  const reasons = issues.map((each) => `${nameOf(each)}: ${each.message}`);
  return { field: nameOf(issue), reason: reasons.join("; ") };
}

/** `/0/amount/currency` and `/amount/currency` are both about `amount`. */
function nameOf(issue: Issue): string {
  const parts = issue.pointer.split("/").filter((part) => part !== "" && !/^\d+$/.test(part));
  return parts[0] ?? "row";
}
