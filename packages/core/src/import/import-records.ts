import type { Repository } from "../context/repository.js";
import { type CormError, type Issue, isCormError } from "../errors/corm-error.js";
import { TransactionConflict } from "../errors/storage-errors.js";

/** One row of a source, already mapped to an input; or why it could not be. */
export type ImportRow<Input> =
  | { readonly row: number; readonly input: Input }
  | { readonly row: number; readonly field?: string; readonly reason: string };

export interface Rejection {
  /** Number of the row in the source, as the source counts. */
  readonly row: number;
  /** Field that is to blame, or null for the row as a whole. */
  readonly field: string | null;
  readonly reason: string;
}

export interface ImportProgress {
  readonly done: number;
  readonly accepted: number;
  readonly rejected: number;
}

export interface ImportOptions<Input> {
  /** A unique field list: rows whose record is there already update it, so that a second run doubles nothing. */
  readonly key: readonly (keyof Input & string)[];
  /** Rows of one transaction. Default 500. */
  readonly batch?: number;
  readonly onReject?: (rejection: Rejection) => void;
  readonly onProgress?: (progress: ImportProgress) => void;
}

/**
 * Writes rows through the hooks, batch by batch, each batch in a transaction of its own. A row that is refused does
 * not keep the others out: its batch is halved until the row stands alone. `accepted + rejected` is the number of
 * rows. Memory holds one batch, and the keys of the rows so far to tell repeats.
 */
export async function importRecords<Row, Input>(
  repository: Repository<Row, Input>,
  source: AsyncIterable<ImportRow<Input>> | Iterable<ImportRow<Input>>,
  options: ImportOptions<Input>,
): Promise<ImportProgress> {
  const size = options.batch ?? 500;
  const state = { done: 0, accepted: 0, rejected: 0 };
  const reject = (rejection: Rejection) => {
    state.rejected += 1;
    options.onReject?.(rejection);
  };
  const first = new Map<string, number>();
  const flush = async (rows: readonly Accepted<Input>[]) => {
    const unique = withoutRepeats(rows, options.key, first, reject);
    state.accepted += await write(repository, unique, options.key, reject);
    state.done += rows.length;
    options.onProgress?.({ ...state });
  };
  let batch: Accepted<Input>[] = [];
  for await (const item of source) {
    if ("reason" in item) {
      state.done += 1;
      reject({ row: item.row, field: item.field ?? null, reason: item.reason });
      continue;
    }
    batch.push(item);
    if (batch.length < size) continue;
    await flush(batch);
    batch = [];
  }
  await flush(batch);
  return { ...state };
}

interface Accepted<Input> {
  readonly row: number;
  readonly input: Input;
}

/** Two rows of one key cannot both be right: the first one counts. */
function withoutRepeats<Input>(
  rows: readonly Accepted<Input>[],
  key: readonly (keyof Input & string)[],
  first: Map<string, number>,
  reject: (rejection: Rejection) => void,
): Accepted<Input>[] {
  return rows.filter(({ row, input }) => {
    // Without a key it is refused for that, and is no repeat.
    if (key.some((name) => input[name] === undefined || input[name] === null)) return true;
    const values = JSON.stringify(key.map((name) => input[name]));
    const earlier = first.get(values);
    if (earlier === undefined) {
      first.set(values, row);
      return true;
    }
    reject({ row, field: key.join(", "), reason: `has the same ${key.join(", ")} as row ${earlier}` });
    return false;
  });
}

async function write<Row, Input>(
  repository: Repository<Row, Input>,
  rows: readonly Accepted<Input>[],
  key: readonly (keyof Input & string)[],
  reject: (rejection: Rejection) => void,
): Promise<number> {
  if (rows.length === 0) return 0;
  try {
    await repository.upsertMany(
      rows.map((item) => item.input),
      key,
    );
    return rows.length;
  } catch (error) {
    // What is no row's fault (the database is gone, or too busy) must not be blamed on one.
    if (!isCormError(error) || error.status >= 500 || TransactionConflict.is(error)) throw error;
    const only = rows.length === 1 ? rows[0] : undefined;
    if (only) {
      reject(blame(only.row, error));
      return 0;
    }
    const middle = rows.length >> 1;
    const left = await write(repository, rows.slice(0, middle), key, reject);
    return left + (await write(repository, rows.slice(middle), key, reject));
  }
}

function blame(row: number, error: CormError): Rejection {
  const [issue] = error.issues;
  if (!issue) return { row, field: null, reason: error.message };
  const reasons = error.issues.map((each: Issue) => `${nameOf(each)}: ${each.message}`);
  return { row, field: nameOf(issue), reason: reasons.join("; ") };
}

/** `/0/amount/currency` and `/amount/currency` are both about `amount`. */
function nameOf(issue: Issue): string {
  const parts = issue.pointer.split("/").filter((part) => part !== "" && !/^\d+$/.test(part));
  return parts[0] ?? "row";
}
