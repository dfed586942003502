import type { TimelineEntry, TimelineOptions, TimelinePage } from "../context/timeline.js";
import { InvalidCursor, UnknownField } from "../errors/core-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Session } from "../runtime/session.js";
import type { TimelineSource } from "../timeline/define-timeline-source.js";
import { queryIdentity } from "./query-identity.js";
import { findPage, getRecord, type RawQuery, readLimit } from "./read.js";
import { cursorOf, parseSort } from "./sort.js";

/** Place of an entry in the order of the whole: newest first, then by source, then by id. */
interface Place {
  readonly at: string;
  /** Number of the source. */
  readonly source: number;
  readonly id: string;
}

type Found = TimelineEntry & Pick<Place, "source">;

/**
 * What happened around a record, as this actor may see it. One query per source and page: each source answers its own
 * newest entries, and the newest of all make the page.
 *
 * @throws not-found, invalid-cursor, invalid-query
 */
export async function findTimeline(
  session: Session,
  entity: EntityModel,
  id: string,
  options: TimelineOptions = {},
): Promise<TimelinePage> {
  const limit = readLimit(options.limit);
  const record = await getRecord(session, entity, id);
  const on = record["id"] as string;
  const sources = session.runtime.composition.timelines.get(entity.name) ?? [];
  const place = options.after == null ? undefined : readPlace(session, entity, on, options.after);
  const found: Found[] = [];
  let more = false;
  for (const [number, source] of sources.entries()) {
    const own = await entriesOf(session, source, number, on, limit, place);
    found.push(...own.entries);
    more ||= own.more;
  }
  more ||= found.length > limit;
  found.sort((a, b) =>
    a.at === b.at ? a.source - b.source || (a.id < b.id ? 1 : -1) : a.at < b.at ? 1 : -1,
  );
  const items = found.slice(0, limit);
  const last = items[items.length - 1];
  return {
    items: items.map(({ source: _, ...entry }) => entry),
    next: more && last ? signPlace(session, entity, on, last) : null,
  };
}

interface Entries {
  readonly entries: Found[];
  readonly more: boolean;
}
const NONE: Entries = { entries: [], more: false };

async function entriesOf(
  session: Session,
  source: TimelineSource,
  number: number,
  on: string,
  limit: number,
  place: Place | undefined,
): Promise<Entries> {
  const entity = session.entity(source.entity);
  // What the actor may not read does not exist for him: without its instant there is nothing to place.
  if (!session.access.has(entity.name, "read") || !entity.queryable.has(source.at)) return NONE;
  const fields = [...source.title, ...source.data, ...(source.actor ? [source.actor] : [])];
  const query = {
    where: {
      and: [
        source.where,
        reaching(source.path, on),
        { [source.at]: { isNull: false } },
        before(source, number, place),
      ],
    },
    select: [...new Set(["id", source.at, ...fields.filter((name) => entity.fields.has(name))])],
    orderBy: [`-${source.at}`],
    limit,
  } satisfies RawQuery;
  const after = place?.source === number ? within(session, entity, source, place, query) : null;
  try {
    const { items, next } = await findPage(session, entity, { ...query, after });
    return { entries: items.map((row) => entryOf(source, number, row)), more: next !== null };
  } catch (error) {
    // The way from the source to the record, or its condition, leads over what this actor may not see.
    if (isHidden(session, error)) return NONE;
    throw error;
  }
}

/** True where an unknown field is one that there is, for others. */
export function isHidden(session: Session, error: unknown): boolean {
  if (!UnknownField.is(error)) return false;
  const { entity, field } = error.meta as { readonly entity: string; readonly field: string };
  const full = session.runtime.composition.entities.get(entity);
  return full !== undefined && (full.fields.has(field) || full.relations.has(field));
}

/** `["opportunity", "contactId"]` → `{ opportunity: { contactId: id } }`. */
export function reaching(path: readonly string[], id: string): unknown {
  return path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), id);
}

/** Entries of the source that come after the place: of those at the very instant, sources before it have had theirs. */
function before(source: TimelineSource, number: number, place: Place | undefined): unknown {
  if (!place || place.source === number) return {};
  return { [source.at]: number < place.source ? { lt: place.at } : { lte: place.at } };
}

/** The place within its own source, as a cursor of that list. */
function within(
  session: Session,
  entity: EntityModel,
  source: TimelineSource,
  place: Place,
  query: RawQuery,
): string {
  const sort = parseSort(entity, [`-${source.at}`]);
  const at = entity.fields.get(source.at) as FieldModel;
  const identity = queryIdentity(session, sort.key, query);
  return cursorOf(sort, { [at.column]: place.at, id: place.id }, session.tokens, identity);
}

function entryOf(source: TimelineSource, number: number, row: RecordValues): Found {
  const shown = source.title.map((name) => row[name] ?? null).filter((value) => value !== null);
  return {
    at: row[source.at] as string,
    kind: source.kind,
    entity: source.entity,
    id: row["id"] as string,
    title: shown.map(String).join(" "),
    actor: source.actor === null ? null : ((row[source.actor] as string | null | undefined) ?? null),
    data: Object.fromEntries(source.data.filter((name) => name in row).map((name) => [name, row[name]])),
    source: number,
  };
}

const PURPOSE = "timeline";

function signPlace(session: Session, entity: EntityModel, on: string, { at, source, id }: Place): string {
  return session.tokens.sign(PURPOSE, [session.tenant, entity.name, on, at, source, id]);
}

function readPlace(session: Session, entity: EntityModel, on: string, cursor: string): Place {
  const data = session.tokens.verify<[string, string, string, string, number, string]>(PURPOSE, cursor);
  const [tenant, name, record, at, source, id] = data ?? [];
  if (!data || tenant !== session.tenant || name !== entity.name || record !== on)
    throw InvalidCursor({ reason: "This cursor was not made for this timeline" });
  return { at: at as string, source: source as number, id: id as string };
}
