import type { Repository } from "../context/repository.js";
import { SeenKeys } from "./seen-keys.js";
import { type Pending, type Rejection, settle } from "./settle.js";

export type { Rejection } from "./settle.js";

/** One row of a source, already mapped to an input; or why it could not be. */
export type ImportRow<Input> =
  | { readonly row: number; readonly input: Input }
  | { readonly row: number; readonly field?: string; readonly reason: string };

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
 * not keep the others out: its batch is written without it. `accepted + rejected` is the number of rows. Memory holds
 * one batch, and 16 bytes for each key so far to tell repeats: two rows of one key cannot both be right, and the first
 * one counts.
 */
export async function importRecords<Row, Input>(
  repository: Repository<Row, Input>,
  source: AsyncIterable<ImportRow<Input>> | Iterable<ImportRow<Input>>,
  options: ImportOptions<Input>,
): Promise<ImportProgress> {
  const size = options.batch ?? 500;
  const state = { done: 0, accepted: 0, rejected: 0 };
  const repeats = repeatedRows(options.key);
  const write = async (rows: readonly Pending<Input>[]) => {
    const inputs = rows.flatMap((item) => ("input" in item ? [item.input] : []));
    if (inputs.length > 0) await repository.upsertMany(inputs, options.key);
    state.done += rows.length;
    state.accepted += inputs.length;
    state.rejected += rows.length - inputs.length;
    for (const item of rows) if ("rejection" in item) options.onReject?.(item.rejection);
  };
  const flush = async (rows: readonly Pending<Input>[]) => {
    await settle(rows, { write });
    options.onProgress?.({ ...state });
  };
  let batch: Pending<Input>[] = [];
  for await (const item of source) {
    if ("reason" in item) {
      const { row, field = null, reason } = item;
      batch.push({ row, rejection: { row, field, reason } });
    } else batch.push(repeats(item));
    if (batch.length < size) continue;
    await flush(batch);
    batch = [];
  }
  await flush(batch);
  return { ...state };
}

/** Turns a row away whose key came before. */
export function repeatedRows<Input>(
  key: readonly (keyof Input & string)[],
): (item: { readonly row: number; readonly input: Input }) => Pending<Input> {
  const seen = new SeenKeys();
  return (item) => {
    const { row, input } = item;
    // Without a key it is refused for that, and is no repeat.
    if (key.some((name) => input[name] === undefined || input[name] === null)) return item;
    const earlier = seen.first(JSON.stringify(key.map((name) => input[name])), row);
    if (earlier === undefined) return item;
    const names = key.join(", ");
    return { row, rejection: { row, field: names, reason: `has the same ${names} as row ${earlier}` } };
  };
}
