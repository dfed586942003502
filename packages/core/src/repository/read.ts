import { InvalidQuery, NotFound, UnknownField } from "../errors/core-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import { columnsOf, type RecordValues } from "../model/record-codec.js";
import { SEARCH_COLUMN } from "../model/system-fields.js";
import type { QueryScope } from "../runtime/query-scope.js";
import type { Session } from "../runtime/session.js";
import type { FindSpec, StoredRow } from "../storage/adapter.js";
import { and, type Filter, or } from "../storage/filter.js";
import { type Awaitable, andThen } from "../util/awaitable.js";
import { searchText } from "../util/normalize-text.js";
import { nearest } from "../util/words.js";
import { decodeRows } from "./decode-rows.js";
import { reachesFew } from "./few-records.js";
import { loadIncludes } from "./include.js";
import { JSON_COLUMN, jsonColumnOf } from "./json-rows.js";
import { type Moment, momentOf } from "./moment.js";
import { narrowed } from "./narrowed.js";
import { isId } from "./parse-condition.js";
import { parseWhere } from "./parse-where.js";
import { queryIdentity } from "./query-identity.js";
import { survivorOf } from "./redirect.js";
import { cursorOf, parseSort, readCursor, type SortPlan } from "./sort.js";

/** A query as it arrives: typed at the repository, unchecked over HTTP. */
export interface RawQuery {
  readonly where?: unknown;
  readonly search?: unknown;
  readonly select?: readonly string[] | undefined;
  readonly include?: readonly string[] | undefined;
  readonly orderBy?: readonly string[] | undefined;
  readonly limit?: unknown;
  readonly after?: unknown;
  readonly withDeleted?: boolean | undefined;
  readonly asOf?: unknown;
}

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 500;
const QUERY_KEYS = new Set([
  "where",
  "search",
  "select",
  "include",
  "orderBy",
  "limit",
  "after",
  "withDeleted",
  "asOf",
]);

/** What a query comes to, before anything is read. */
interface PagePlan {
  readonly entity: EntityModel;
  readonly moment: Moment | undefined;
  readonly spec: FindSpec;
  readonly sort: SortPlan;
  readonly limit: number;
  readonly wanted: readonly FieldModel[];
  readonly includes: readonly string[];
  readonly identity: () => string;
}

export async function findPage(
  session: Session,
  entity: EntityModel,
  query: RawQuery,
): Promise<{ items: RecordValues[]; next: string | null }> {
  const planned = planPage(session, entity, query);
  return readPage(session, planned instanceof Promise ? await planned : planned);
}

/** The same page as the JSON text of each record: made by the database where nothing here has to look at the rows. */
export function findTexts(session: Session, entity: EntityModel, query: RawQuery): Awaitable<Texts> {
  return andThen(planPage(session, entity, query), (plan) => readTexts(session, plan));
}

/** A page as texts. */
export interface Texts {
  readonly texts: readonly string[];
  readonly next: string | null;
}

function readTexts(session: Session, plan: PagePlan): Awaitable<Texts> {
  const { spec, sort, limit, identity } = plan;
  const makes = session.runtime.storage.capabilities.jsonRows === true && plan.includes.length === 0;
  const json = makes ? jsonColumnOf(plan.wanted) : undefined;
  if (!json)
    return readPage(session, plan).then(({ items, next }) => ({
      texts: items.map((item) => JSON.stringify(item)),
      next,
    }));
  return andThen(session.operations().findMany({ ...spec, columns: sort.columns, json }), (rows) => {
    const next = pageEnd(rows, limit, sort, session, identity);
    return { texts: rows.map((row) => row[JSON_COLUMN] as string), next };
  });
}

function planPage(session: Session, present: EntityModel, query: RawQuery): Awaitable<PagePlan> {
  if (typeof query !== "object" || query === null)
    throw InvalidQuery({ reason: `A query is an object, such as { where: { … }, limit: 20 }.` });
  for (const key of Object.keys(query)) {
    if (!QUERY_KEYS.has(key))
      throw InvalidQuery({ reason: `A query has no "${key}". It takes ${[...QUERY_KEYS].join(", ")}.` });
  }
  session.require(present, "read");
  const moment = momentOf(session, present, query.asOf);
  const entity = moment ? moment.view(present) : present;
  const limit = readLimit(query.limit);
  const sort = parseSort(entity, query.orderBy);
  const wanted = selection(entity, query.select);
  const includes = query.include === undefined ? [] : [...new Set(names(query.include, "include"))];
  if (query.withDeleted !== undefined && typeof query.withDeleted !== "boolean")
    throw InvalidQuery({ reason: `"withDeleted" takes true or false.` });
  const opening = session.runtime.vault ? session.openKeys() : undefined;
  const plan = (isFew: boolean): PagePlan => {
    const scope = moment ?? session;
    const identity = () => queryIdentity(session, sort.key, query, moment?.at);
    const spec: FindSpec = {
      table: entity.table,
      columns: query.select
        ? columnsOf(new Set([...wanted, ...sort.fields, ...includeFields(entity, includes)]))
        : entity.columns,
      where: narrowed(entity, scope.visible(entity, query.withDeleted), queryFilter(scope, entity, query)),
      orderBy: sort.orderBy,
      limit: limit + 1,
      few: isFew,
      ...(query.after == null ? {} : { after: readCursor(query.after, session.tokens, identity()) }),
    };
    return { entity, moment, spec, sort, limit, wanted, includes, identity };
  };
  // A state of the past is looked for in another way.
  const planned = () => (moment ? plan(false) : andThen(reachesFew(session, present), plan));
  return opening ? opening.then(planned) : planned();
}

async function readPage(
  session: Session,
  { entity, moment, spec, sort, limit, wanted, includes, identity }: PagePlan,
): Promise<{ items: RecordValues[]; next: string | null }> {
  const found = session.operations().findMany(spec);
  const rows = found instanceof Promise ? await found : found;
  const next = pageEnd(rows, limit, sort, session, identity);
  const decoded = decodeRows(session, wanted, rows);
  const items = decoded instanceof Promise ? await decoded : decoded;
  if (includes.length > 0) await loadIncludes(session, entity, includes, rows, items, moment);
  return { items, next };
}

/** The condition and search words of a query. */
export function queryFilter(
  scope: QueryScope,
  entity: EntityModel,
  query: Pick<RawQuery, "where" | "search">,
): Filter {
  const where = parseWhere(entity, query.where, scope);
  return query.search === undefined ? where : and(where, searchFilter(entity, query.search));
}

function pageEnd(
  rows: StoredRow[],
  limit: number,
  sort: SortPlan,
  session: Session,
  identity: () => string,
): string | null {
  if (rows.length <= limit) return null;
  rows.length = limit;
  return cursorOf(sort, rows[limit - 1] as StoredRow, session.tokens, identity());
}

function searchFilter(entity: EntityModel, search: unknown): Filter {
  if (typeof search !== "string") throw InvalidQuery({ reason: `"search" takes text.` });
  if (entity.searchable.length === 0)
    throw InvalidQuery({ reason: `"${entity.name}" has no searchable fields.` });
  const words = searchText(search).split(" ").filter(Boolean);
  if (words.length > 20) throw InvalidQuery({ reason: `"search" takes at most 20 words.` });
  if (entity.searchColumn) {
    const column = SEARCH_COLUMN;
    return and(
      ...words.map((text): Filter => ({ op: "match", column, how: "contains", text, caseSensitive: true })),
    );
  }
  // That column holds words of fields which are hidden from this actor: only those that he sees are looked through.
  const within = (text: string): Filter[] =>
    entity.searchable.map(({ column }) => ({
      op: "match",
      column,
      how: "contains",
      text,
      caseSensitive: false,
    }));
  return and(...words.map((text) => or(...within(text))));
}

export function readLimit(limit: unknown): number {
  if (limit === undefined) return DEFAULT_LIMIT;
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw InvalidQuery({ reason: `"limit" must be 1 to ${MAX_LIMIT}; use stream() or the cursor for more.` });
  }
  return limit;
}

export function selection(entity: EntityModel, select: readonly string[] | undefined): readonly FieldModel[] {
  if (!select) return entity.fieldList;
  return [...new Set(names(select, "select"))].map((name) => {
    const field = entity.fields.get(name);
    if (!field)
      throw UnknownField({ entity: entity.name, field: name, nearest: nearest(name, entity.fields.keys()) });
    return field;
  });
}

function names(given: unknown, where: string): readonly string[] {
  if (Array.isArray(given) && given.every((name) => typeof name === "string")) return given;
  throw InvalidQuery({ reason: `"${where}" takes a list of names.` });
}

function includeFields(entity: EntityModel, includes: readonly string[]): FieldModel[] {
  return includes.flatMap((name) => {
    const relation = entity.relations.get(name);
    return relation?.kind === "one" ? [relation.field] : [];
  });
}

export interface LoadOptions {
  readonly withDeleted?: boolean;
  /** Inside transactions. */
  readonly lock?: boolean;
  /** Also what the actor may not read: for what a write itself has to know. */
  readonly trusted?: boolean;
  /** As it stood then. `entity` is the moment's view. */
  readonly moment?: Moment | undefined;
}

/** One record, or undefined where there is none for this session. At once where the storage answers at once. */
export function loadById(
  session: Session,
  entity: EntityModel,
  id: string,
  options: LoadOptions = {},
): Awaitable<RecordValues | undefined> {
  if (!isId(id)) return undefined;
  const rows = session.operations().findMany({
    table: entity.table,
    columns: entity.columns,
    where: and({ op: "eq", column: "id", value: id.toLowerCase() }, rowsFor(session, entity, options)),
    orderBy: [],
    limit: 1,
    ...(options.lock && session.inTransaction ? { lock: "update" as const } : {}),
  });
  return andThen(rows, (found) => decodeOne(session, entity, found));
}

function decodeOne(
  session: Session,
  entity: EntityModel,
  rows: readonly StoredRow[],
): Awaitable<RecordValues | undefined> {
  if (rows.length === 0) return undefined;
  return andThen(decodeRows(session, entity.fieldList, rows), ([record]) => record);
}

function rowsFor(session: Session, entity: EntityModel, options: LoadOptions): Filter {
  const { withDeleted, trusted, moment = session } = options;
  return trusted ? session.rows(withDeleted) : moment.visible(entity, withDeleted);
}

/** Records by id, in any order; those that are not there are left out. */
export async function loadByIds(
  session: Session,
  entity: EntityModel,
  ids: readonly string[],
  options: LoadOptions = {},
): Promise<Map<string, RecordValues>> {
  const found = new Map<string, RecordValues>();
  if (ids.length === 1) {
    const record = await loadById(session, entity, ids[0] as string, options);
    if (record) found.set(record["id"] as string, record);
    return found;
  }
  const values = ids.filter(isId).map((id) => id.toLowerCase());
  if (values.length === 0) return found;
  const locks = options.lock && session.inTransaction;
  const rows = await session.operations().findMany({
    table: entity.table,
    columns: entity.columns,
    where: and({ op: "in", column: "id", values }, rowsFor(session, entity, options)),
    // A common order of locking, so that two writers of the same records cannot wait for one another.
    orderBy: locks ? [{ column: "id", direction: "asc" }] : [],
    limit: values.length,
    ...(locks ? { lock: "update" as const } : {}),
  });
  for (const record of await decodeRows(session, entity.fieldList, rows))
    found.set(record["id"] as string, record);
  return found;
}

/** The record whom the id of a merged one names, for ever; undefined for other ids, and where the actor may not see it. */
async function loadSurvivor(
  session: Session,
  entity: EntityModel,
  id: string,
  options: LoadOptions,
): Promise<RecordValues | undefined> {
  if (options.moment || options.withDeleted) return undefined;
  const survivor = await survivorOf(session, entity, id);
  return survivor === undefined ? undefined : loadById(session, entity, survivor, options);
}

export interface GetOptions extends LoadOptions {
  readonly include?: readonly string[];
  readonly asOf?: unknown;
}

/** At once where the storage answers at once, unless other records are included. */
export function getRecord(
  session: Session,
  present: EntityModel,
  id: string,
  options: GetOptions = {},
): Awaitable<RecordValues> {
  session.require(present, "read");
  const moment = momentOf(session, present, options.asOf);
  if (moment && options.lock)
    throw InvalidQuery({ reason: `"lock" is for what can still change: leave "asOf" out.` });
  const entity = moment ? moment.view(present) : present;
  const load: LoadOptions = moment ? { ...options, moment } : options;
  const complete = (record: RecordValues): Awaitable<RecordValues> => {
    if (options.include === undefined) return record;
    const includes = [...new Set(names(options.include, "include"))];
    return withIncludes(session, entity, includes, record, moment);
  };
  return andThen(loadById(session, entity, id, load), (record) => {
    if (record) return complete(record);
    return loadSurvivor(session, entity, id, load).then((survivor) => {
      // By the id that was asked for: another one would tell of a survivor whom the actor may not see.
      if (!survivor) throw NotFound({ entity: entity.name, id: String(id).slice(0, 64) });
      return complete(survivor);
    });
  });
}

async function withIncludes(
  session: Session,
  entity: EntityModel,
  includes: readonly string[],
  record: RecordValues,
  moment: Moment | undefined,
): Promise<RecordValues> {
  const row: StoredRow = {};
  // Ids and references are never masked.
  for (const field of [entity.fields.get("id") as FieldModel, ...includeFields(entity, includes)])
    row[field.column] = record[field.name];
  await loadIncludes(session, entity, includes, [row], [record], moment);
  return record;
}
