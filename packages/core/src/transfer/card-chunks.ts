import type { Repository } from "../context/repository.js";
import { InvalidQuery, UnknownField } from "../errors/core-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { MAX_LIMIT } from "../repository/read.js";
import type { Session } from "../runtime/session.js";
import { nearest } from "../util/words.js";
import { cardFormatOf } from "./card-format.js";
import type { ExportQuery } from "./export-records.js";
import { ICS_HEAD, ICS_TAIL, icsOf } from "./write-ics.js";
import { vcardOf } from "./write-vcard.js";

/** Records of one read where a single one may be a megabyte. */
const SMALL_PAGE = 50;

/**
 * Records as vCards or as a calendar, one text each. Of what the cards are made of, they hold what the actor may see and
 * `select` names; a calendar holds only records that have a time.
 *
 * @throws invalid-query where the entity has no such cards; unknown-field
 */
export async function* cardTexts(
  session: Session,
  entity: EntityModel,
  query: ExportQuery,
  format: "vcard" | "ics",
): AsyncGenerator<string> {
  const cards = cardFormatOf(session, entity, format);
  if (!cards)
    throw InvalidQuery({
      reason: `A ${entity.name} is nothing that a file of the format "${format}" could hold: ask for csv, ndjson or xlsx.`,
    });
  const places = placesOf(entity, cards.columns, query.select);
  const selected = [...places.values()].map(({ field }) => field);
  const relations = [...places.values()].flatMap(({ relation }) => relation ?? []);
  const { select: _, where, ...rest } = query;
  const repository = session.repoOf(entity.name) as Repository<RecordValues, RecordValues>;
  const records = repository.stream({
    ...rest,
    where: cards.format === "ics" ? timed(entity, cards.columns.DTSTART, where) : where,
    select: [...new Set(["id", "updatedAt", ...selected])],
    ...(relations.length > 0 ? { include: [...new Set(relations)] } : {}),
    limit: selected.some((name) => entity.fields.get(name)?.kind === "text") ? SMALL_PAGE : MAX_LIMIT,
  } as never) as AsyncIterable<RecordValues>;
  const textsOf = (record: RecordValues) => (column: string) => textOf(record, places.get(column));
  if (cards.format === "vcard") {
    for await (const record of records) yield vcardOf(record, textsOf(record));
    return;
  }
  let head = ICS_HEAD;
  for await (const record of records) {
    yield `${head}${icsOf(record, textsOf(record), cards.todo)}`;
    head = "";
  }
  yield `${head}${ICS_TAIL}`;
}

/** Where the text of a column is: in a field of the record, or of one that it refers to. */
interface Place {
  readonly field: string;
  readonly relation?: string;
  readonly key?: string;
}

function placesOf(
  entity: EntityModel,
  columns: Readonly<Record<string, string | undefined>>,
  select: readonly string[] | undefined,
): Map<string, Place> {
  const places = new Map<string, Place>();
  const open = new Map<string, Place>();
  for (const [column, target] of Object.entries(columns)) {
    const [name = "", key] = target?.split(".") ?? [];
    const relation = key === undefined ? undefined : entity.relations.get(name);
    const field = entity.queryable.get(
      relation?.kind === "one" ? relation.field.name : key === undefined ? name : "",
    );
    // Shown without its middle, a value is none that another program could use.
    if (!field || field.sensitivity === "secret") continue;
    open.set(column, { field: field.name, ...(key === undefined ? {} : { relation: name, key }) });
  }
  const known = new Set([...open.values()].map(({ field }) => field));
  for (const name of select ?? [])
    if (!known.has(name) && name !== "id")
      throw UnknownField({ entity: entity.name, field: name, nearest: nearest(name, known) });
  for (const [column, place] of open)
    if (select === undefined || select.includes(place.field)) places.set(column, place);
  return places;
}

/** @throws unknown-field where the actor does not see when it is */
function timed(entity: EntityModel, field: string, where: unknown): unknown {
  if (!entity.queryable.has(field)) throw UnknownField({ entity: entity.name, field });
  const some = { [field]: { isNull: false } };
  return where === undefined ? some : { and: [where, some] };
}

function textOf(record: RecordValues, place: Place | undefined): string {
  if (!place) return "";
  const value = place.relation
    ? (record[place.relation] as RecordValues | null | undefined)?.[place.key as string]
    : record[place.field];
  return value === null || value === undefined ? "" : String(value);
}
