import type { HistoryPage, HistoryQuery } from "./journal.js";
import type { RecordProvenance } from "./provenance.js";
import type {
  AggregateQuery,
  AggregateRow,
  Including,
  Measure,
  Page,
  Query,
  Selected,
  Where,
} from "./query.js";
import type { TimelineOptions, TimelinePage } from "./timeline.js";

type Names<T> = keyof T & string;

export interface WriteOptions {
  /** The version that was read; the write is refused with `version-conflict` when the record has moved on. */
  readonly version?: number;
}

export interface RowChange<Input> extends WriteOptions {
  readonly id: string;
  readonly patch: Partial<Input>;
}

/**
 * The records of one entity, as one actor of one tenant sees them. Every write runs the hooks, in one
 * transaction; lists of records go through in one batch, not one by one.
 */
export interface Repository<Row, Input, Related = unknown> {
  /** @throws validation-failed, unique-violation, or what a hook vetoes with */
  create(input: Input): Promise<Row>;
  /** All or none. Answers the rows in the order of the inputs. */
  createMany(inputs: readonly Input[]): Promise<Row[]>;
  /** @throws not-found, also where access hides the record */
  get<I extends Names<Related> = never>(
    id: string,
    options?: {
      readonly include?: readonly I[];
      readonly withDeleted?: boolean;
      /** As in `find`. */
      readonly asOf?: string;
      /** Inside a transaction: nobody else changes the record before it ends, where the engine locks rows. */
      readonly lock?: boolean;
    },
  ): Promise<Including<Row, Related, I>>;
  /** One page of at most `limit` records, keyset-paged. */
  find<S extends Names<Row> = Names<Row>, I extends Names<Related> = never>(
    query?: Query<Row, Related, S, I>,
  ): Promise<Page<Selected<Row, Related, S, I>>>;
  /** The first record of a `find`, or null. */
  first<S extends Names<Row> = Names<Row>, I extends Names<Related> = never>(
    query?: Query<Row, Related, S, I>,
  ): Promise<Selected<Row, Related, S, I> | null>;
  /** All records of a query, page by page behind the iterator: memory stays flat. `limit` is the page size. */
  stream<S extends Names<Row> = Names<Row>, I extends Names<Related> = never>(
    query?: Query<Row, Related, S, I>,
  ): AsyncIterable<Selected<Row, Related, S, I>>;
  /** `search` and `asOf` as in `find`. */
  count(
    where?: Where<Row, Related>,
    options?: { readonly search?: string; readonly asOf?: string },
  ): Promise<number>;
  aggregate<const M extends Readonly<Record<string, Measure<Row, Related>>>>(
    query: AggregateQuery<Row, Related, M>,
  ): Promise<AggregateRow<Row, M>[]>;
  /** Everything that happened around a record, as the plugins of the app tell it. @throws not-found */
  timeline(id: string, page?: TimelineOptions): Promise<TimelinePage>;
  /** Changes the given fields; `null` clears one. */
  update(id: string, patch: Partial<Input>, options?: WriteOptions): Promise<Row>;
  /** All or none, each with its own patch. */
  updateMany(changes: readonly RowChange<Input>[]): Promise<Row[]>;
  /** Every record that satisfies the condition, in batches inside one transaction. Answers how many. */
  updateWhere(where: Where<Row, Related>, patch: Partial<Input>): Promise<number>;
  /**
   * Creates, or updates the record that has the same values in `on` (a unique field list). Records that already are
   * as given are left alone. In the order of the inputs.
   */
  upsertMany(inputs: readonly Input[], on: readonly Names<Input>[]): Promise<Row[]>;
  /** Into the recycle bin. */
  delete(id: string, options?: WriteOptions): Promise<void>;
  /** All or none, by id, or by id and the version that was read. */
  deleteMany(records: readonly (string | (WriteOptions & { readonly id: string }))[]): Promise<void>;
  /** Out of the recycle bin. */
  restore(id: string): Promise<Row>;
  /** What happened to the record, newest first; also of one in the recycle bin. Outside of transactions. */
  history(id: string, query?: HistoryQuery): Promise<HistoryPage>;
  /**
   * Where the values are from that the record has, by field: of the fields that the app asks it for (`createCrm({
   * provenance })`), and of those the ones that the actor sees. Also of one in the recycle bin. @throws not-found
   */
  provenance(id: string): Promise<RecordProvenance>;
  /** For good, with what `onDelete` of its references says. Also out of the recycle bin. */
  purge(id: string): Promise<void>;
  /** All or none, by id, or by id and the version that was read. */
  purgeMany(records: readonly (string | (WriteOptions & { readonly id: string }))[]): Promise<void>;
}
