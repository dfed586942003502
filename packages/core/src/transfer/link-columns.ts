import type { Repository } from "../context/repository.js";
import type { Pending } from "../import/settle.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { storedForm } from "../model/stored-form.js";
import { MAX_LIMIT } from "../repository/read.js";
import type { Session } from "../runtime/session.js";

/** A column that names a record by a key of its own: `account.name`. */
export interface LinkColumn {
  /** As the mapping says it. */
  readonly name: string;
  /** The reference that is filled. */
  readonly field: FieldModel;
  readonly target: string;
  /** The field of the other entity that is compared. */
  readonly key: FieldModel;
}

/** What a row says of records that it refers to, by the column's name. */
export type LinkTexts = Readonly<Record<string, string>>;

/** Rows that refer to others by their keys. */
export type LinkedRow = Pending<RecordValues> & { readonly links?: LinkTexts | undefined };

/** A relation and a key of it, as the actor may see them; undefined where it is none. */
export function linkColumn(
  entity: EntityModel,
  name: string,
  entityOf: (name: string) => EntityModel,
): LinkColumn | undefined {
  const [relationName = "", keyName = "", ...more] = name.split(".");
  const relation = entity.relations.get(relationName);
  if (relation?.kind !== "one" || more.length > 0 || !entity.writable.has(relation.field.name))
    return undefined;
  const key = entityOf(relation.target).queryable.get(keyName);
  if (!key || !["string", "enum", "integer"].includes(key.kind)) return undefined;
  return { name, field: relation.field, target: relation.target, key };
}

/**
 * Fills the references of a batch: one query per column for all its rows, as the actor may see the other records. A row
 * that names none, or one of several, is refused.
 */
export async function fillLinks<Row extends LinkedRow>(
  session: Session,
  columns: readonly LinkColumn[],
  rows: readonly Row[],
): Promise<Row[]> {
  let filled: readonly Row[] = rows;
  for (const column of columns) {
    const ids = await idsByKey(session, column, textsOf(filled, column));
    filled = filled.map((row) => linked(row, column, ids));
  }
  return [...filled];
}

function textsOf(rows: readonly LinkedRow[], { name }: LinkColumn): string[] {
  const texts = rows.flatMap((row) =>
    "input" in row && row.links?.[name] ? [row.links[name] as string] : [],
  );
  return [...new Set(texts)];
}

function linked<Row extends LinkedRow>(
  row: Row,
  column: LinkColumn,
  ids: ReadonlyMap<string, string | null>,
): Row {
  const text = row.links?.[column.name];
  if (!text || !("input" in row)) return row;
  const id = ids.get(text);
  if (id) return { ...row, input: { ...row.input, [column.field.name]: id } };
  const shown = text.slice(0, 100);
  const reason =
    id === null
      ? `${column.name}: there are several records of ${column.target} with ${column.key.name} ${shown}`
      : `${column.name}: there is no ${column.target} with ${column.key.name} ${shown}`;
  const { input: _, ...rest } = row;
  return { ...rest, rejection: { row: row.row, field: column.name, reason } } as unknown as Row;
}

/** Ids by the text that names them; null where there are several. */
async function idsByKey(
  session: Session,
  { target, key }: LinkColumn,
  texts: readonly string[],
): Promise<Map<string, string | null>> {
  const values = new Map<string, string>();
  for (const text of texts) {
    const value = keyValueOf(key, text);
    if (value !== undefined) values.set(text, JSON.stringify(value));
  }
  const ids = new Map<string, string | null>();
  if (values.size === 0) return ids;
  const repository = session.repoOf(target) as Repository<RecordValues, RecordValues>;
  const byValue = new Map<string, string | null>();
  const wanted = [...new Set(values.values())].map((value) => JSON.parse(value) as string | number);
  // More than one of a key are few; a page more than there are keys shows them.
  const found = repository.stream({
    where: { [key.name]: { in: wanted } },
    select: ["id", key.name],
    limit: MAX_LIMIT,
  } as never);
  for await (const row of found as AsyncIterable<RecordValues>) {
    const value = JSON.stringify(row[key.name]);
    byValue.set(value, byValue.has(value) ? null : (row["id"] as string));
  }
  for (const [text, value] of values) {
    const id = byValue.get(value);
    if (id !== undefined) ids.set(text, id);
  }
  return ids;
}

function keyValueOf(key: FieldModel, text: string): string | number | undefined {
  if (key.kind === "integer") return /^[-+]?\d{1,15}$/.test(text) ? Number(text) : undefined;
  const issues: never[] = [];
  const value = storedForm(key, text, issues);
  return issues.length === 0 && typeof value === "string" ? value : undefined;
}
