import type {
  AggregateQuery,
  AggregateRow,
  Change,
  Including,
  JournalEntry,
  Measure,
  Page,
  RecordProvenance,
  Selected,
  Sort,
  TimelineEntry,
  Where,
} from "@corm/core";
import type { Paths } from "./directory.js";
import type { ExportOptions, FileBody, ImportJob, ImportOptions, Imports } from "./files.js";
import type { ChangesOptions } from "./live/changes.js";
import type { BatchOperation, BatchOptions, BatchResult } from "./many.js";
import type { CallOptions, ChangeOptions, PostOptions } from "./options.js";

type Names<T> = keyof T & string;

/** The types of an app: those of a composed CRM (`typeof crm`), or generated ones. */
export interface AnyApp {
  readonly "~app"?: { readonly entities: object; readonly actions: object };
}

type App<C extends AnyApp> = NonNullable<C["~app"]>;

interface EntityShape {
  readonly row: unknown;
  readonly input: unknown;
  readonly related: unknown;
  readonly actions: object;
}

export interface ClientQuery<Row, Related, S extends Names<Row>, I extends Names<Related>> {
  readonly where?: Where<Row, Related>;
  /** Words that all must occur in the searchable fields, whatever their case and accents. */
  readonly search?: string;
  readonly select?: readonly S[];
  readonly include?: readonly I[];
  readonly orderBy?: readonly Sort<Row>[];
  /** 1 to 500, default 50. */
  readonly limit?: number;
  /** The `next` of the page before; holds for the same query. */
  readonly after?: string | null;
  /** An instant: records as they stood then. For entities that keep their states. */
  readonly asOf?: string;
}

export interface PageQuery {
  /** 1 to 500, default 50. */
  readonly limit?: number;
  /** The `next` of the page before. */
  readonly after?: string | null;
}

/**
 * The records of one entity, as the caller may see them: the methods of a session's repository, over HTTP. What fails
 * is a `CormClientError`.
 */
export interface EntityClient<Row, Input, Related = unknown> {
  create(input: Input, options?: PostOptions): Promise<Row>;
  get<I extends Names<Related> = never>(
    id: string,
    options?: CallOptions & { readonly include?: readonly I[]; readonly asOf?: string },
  ): Promise<Including<Row, Related, I>>;
  /** One page of at most `limit` records, keyset-paged. */
  find<S extends Names<Row> = Names<Row>, I extends Names<Related> = never>(
    query?: ClientQuery<Row, Related, S, I>,
    options?: CallOptions,
  ): Promise<Page<Selected<Row, Related, S, I>>>;
  /** The first record of a `find`, or null. */
  first<S extends Names<Row> = Names<Row>, I extends Names<Related> = never>(
    query?: ClientQuery<Row, Related, S, I>,
    options?: CallOptions,
  ): Promise<Selected<Row, Related, S, I> | null>;
  /** All records of a query, page by page behind the iterator. `limit` is the page size. */
  stream<S extends Names<Row> = Names<Row>, I extends Names<Related> = never>(
    query?: ClientQuery<Row, Related, S, I>,
    options?: CallOptions,
  ): AsyncIterable<Selected<Row, Related, S, I>>;
  /** `search` and `asOf` as in `find`. */
  count(
    where?: Where<Row, Related>,
    options?: CallOptions & { readonly search?: string; readonly asOf?: string },
  ): Promise<number>;
  aggregate<const M extends Readonly<Record<string, Measure<Row, Related>>>>(
    query: AggregateQuery<Row, Related, M>,
    options?: CallOptions,
  ): Promise<AggregateRow<Row, M>[]>;
  /**
   * Changes the given fields; `null` clears one. Over HTTP a patch reaches into money and JSON values: their members
   * are merged (RFC 7396). Sent again after a lost answer only with a `version`.
   */
  update(id: string, patch: Partial<Input>, options?: ChangeOptions): Promise<Row>;
  /** Into the recycle bin. */
  delete(id: string, options?: ChangeOptions): Promise<void>;
  /** Out of the recycle bin. */
  restore(id: string, options?: PostOptions): Promise<Row>;
  /** For good, with what `onDelete` of its references says. Also out of the recycle bin. */
  purge(id: string, options?: ChangeOptions): Promise<void>;
  /** All or none, up to 1,000. Answers the rows in the order of the inputs. */
  createMany(inputs: readonly Input[], options?: PostOptions): Promise<Row[]>;
  /** All or none, each with its own patch. */
  updateMany(
    changes: readonly { readonly id: string; readonly patch: Partial<Input>; readonly version?: number }[],
    options?: PostOptions,
  ): Promise<Row[]>;
  deleteMany(ids: readonly string[], options?: PostOptions): Promise<void>;
  /** Creates, changes and deletes up to 1,000 records in their order and in one transaction. */
  batch(operations: readonly BatchOperation<Input>[], options?: BatchOptions): Promise<BatchResult<Row>[]>;
  /** All records of a query as a file, while it is made. Of conditions, what a URL can say. */
  export<S extends Names<Row> = Names<Row>>(
    query?: Pick<ClientQuery<Row, Related, S, never>, "where" | "search" | "select" | "orderBy" | "asOf">,
    options?: ExportOptions,
  ): Promise<ReadableStream<Uint8Array>>;
  /** Brings a file of records in; answers when it has been read. */
  import(file: FileBody, options?: ImportOptions): Promise<ImportJob>;
  /** Who changed what, newest first; also of a record that is gone. */
  history(id: string, query?: PageQuery, options?: CallOptions): Promise<Page<JournalEntry>>;
  /** The whole history, page by page behind the iterator. `limit` is the page size, default 500. */
  streamHistory(id: string, query?: PageQuery, options?: CallOptions): AsyncIterable<JournalEntry>;
  /** Where the values are from that a record has, by field. Only of entities of which the app asks that. */
  provenance(id: string, options?: CallOptions): Promise<RecordProvenance>;
  /** What happened around a record as every plugin of the app tells it, newest first. */
  timeline(id: string, query?: PageQuery, options?: CallOptions): Promise<Page<TimelineEntry>>;
  /** The whole timeline, page by page behind the iterator. `limit` is the page size, default 500. */
  streamTimeline(id: string, query?: PageQuery, options?: CallOptions): AsyncIterable<TimelineEntry>;
}

interface Method {
  readonly input: unknown;
  readonly output: unknown;
  readonly collection: boolean;
}

type Optional<I> = Record<never, never> extends I ? true : false;

type ActionMethod<A> = A extends Method
  ? A["collection"] extends true
    ? Optional<A["input"]> extends true
      ? (input?: A["input"], options?: PostOptions) => Promise<A["output"]>
      : (input: A["input"], options?: PostOptions) => Promise<A["output"]>
    : Optional<A["input"]> extends true
      ? (id: string, input?: A["input"], options?: PostOptions & ChangeOptions) => Promise<A["output"]>
      : (id: string, input: A["input"], options?: PostOptions & ChangeOptions) => Promise<A["output"]>
  : never;

type ClientOf<E> = E extends EntityShape
  ? EntityClient<E["row"], E["input"], E["related"]> & {
      readonly [A in keyof E["actions"]]: ActionMethod<E["actions"][A]>;
    }
  : never;

/** Clients of the entities that the plugins of an app declare, with everything they add. */
export type EntityClients<C extends AnyApp> = {
  readonly [K in keyof App<C>["entities"]]: ClientOf<App<C>["entities"][K]>;
};

type ActionsIn<C extends AnyApp> = App<C>["actions"];
type InputAt<A> = A extends { readonly input: infer I } ? I : never;
type OutputAt<A> = A extends { readonly output: infer O } ? O : never;

/** What a client has besides its entities. */
export interface ClientBase<C extends AnyApp> {
  /** The entities under a name of their own, for one that is called like a method of the client. */
  readonly entities: EntityClients<C>;
  /** An action that belongs to no entity, by its full name: `forecasts.rebuild`. */
  run<K extends keyof ActionsIn<C> & string>(
    action: K,
    input: InputAt<ActionsIn<C>[K]>,
    options?: PostOptions,
  ): Promise<OutputAt<ActionsIn<C>[K]>>;
  /**
   * What happens in the app, as this caller may see it, as it is committed: an endless iterator that survives broken
   * connections. Every change comes at least once; leave the loop, or abort `signal`, to stop.
   */
  changes(options?: ChangesOptions): AsyncIterable<Change>;
  readonly imports: Imports;
  /** Where the entities are, for `createClient({ paths })`: saves the next client the question. */
  paths(options?: CallOptions): Promise<Paths>;
}

export type Client<C extends AnyApp> = ClientBase<C> & EntityClients<C>;
