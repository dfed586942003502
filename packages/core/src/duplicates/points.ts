import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Session } from "../runtime/session.js";
import { isEmail } from "../standards/email.js";
import { and } from "../storage/filter.js";

/** The entity of further addresses, beside those that a record has fields for. */
export const POINT_ENTITY = "contactPoint";
export type PointKind = "email" | "phone";
const KINDS: readonly PointKind[] = ["email", "phone"];

/** What rules call all addresses of a kind that a record has: those of its own fields, and its contact points. */
export const pointField = (kind: PointKind): string => `${POINT_ENTITY}.${kind}`;

/** The kind of such a name; undefined for a field. */
export const pointKind = (name: string): PointKind | undefined =>
  KINDS.find((kind) => pointField(kind) === name);

/** Characters that a contact point holds. */
export const POINT_LENGTH = 254;

/** Why a value in its normal form can be no contact point of its kind; undefined where it can. */
export function pointProblem(kind: PointKind, value: string): string | undefined {
  if (value.length > POINT_LENGTH) return `must not have more than ${POINT_LENGTH} characters`;
  return kind === "email" && !isEmail(value) ? "must be an e-mail address" : undefined;
}

/** An entity's own fields for addresses of a kind. */
export const ownPoints = (entity: EntityModel, kind: PointKind): readonly FieldModel[] =>
  entity.standards.filter(({ standard, encrypted }) => standard?.as === kind && !encrypted);

/** Which kinds some rules compare. */
const comparedKinds = ({ fields }: { readonly fields: ReadonlySet<string> }): PointKind[] =>
  KINDS.filter((kind) => fields.has(pointField(kind)));

export const comparesPoints = (rules: { readonly fields: ReadonlySet<string> }): boolean =>
  comparedKinds(rules).length > 0;

/** Whether an actor may be told what two records have in common in a field, or in their addresses. */
export function isOpen(session: Session, entity: EntityModel, name: string): boolean {
  const kind = pointKind(name);
  if (kind === undefined) return session.entity(entity.name).queryable.has(name);
  return (
    session.hasEntity(POINT_ENTITY) &&
    session.access.followsParents(POINT_ENTITY) &&
    session.entity(POINT_ENTITY).queryable.has("value")
  );
}

/** Records of one statement, and addresses of one record, that are looked at. */
const CHUNK = 200;
const MOST = 20;

/**
 * Records with all their addresses, of the kinds that rules compare, under the names that rules have for them: one
 * statement for each 200 records, and none where no rule asks.
 */
export async function withPoints<Record extends RecordValues>(
  session: Session,
  entity: EntityModel,
  rules: { readonly fields: ReadonlySet<string> },
  records: readonly Record[],
): Promise<readonly Record[]> {
  const kinds = comparedKinds(rules);
  if (kinds.length === 0 || records.length === 0) return records;
  const kept = await keptPoints(
    session,
    entity,
    records.flatMap(({ id }) => (typeof id === "string" ? [id] : [])),
  );
  return records.map((record) => {
    const all: RecordValues = { ...record };
    for (const kind of kinds) {
      const name = pointField(kind);
      const own = ownPoints(entity, kind).map((field) => record[field.name]);
      const given = (record[name] as readonly unknown[] | undefined) ?? [];
      const more = kept.get(`${kind} ${record["id"]}`) ?? [];
      all[name] = [...new Set([...own, ...given, ...more])]
        .filter((value) => typeof value === "string" && value !== "")
        .slice(0, MOST);
    }
    return all as Record;
  });
}

async function keptPoints(
  session: Session,
  entity: EntityModel,
  ids: readonly string[],
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const points = session.runtime.composition.entities.get(POINT_ENTITY);
  const by = points?.references.find(({ target }) => target === entity.name);
  if (!points || !by) return found;
  for (let i = 0; i < ids.length; i += CHUNK) {
    const some = ids.slice(i, i + CHUNK);
    const rows = await session.operations().findMany({
      table: points.table,
      columns: [by.column, "kind", "value"],
      where: and({ op: "in", column: by.column, values: some }, session.rows()),
      orderBy: [{ column: "id", direction: "asc" }],
      limit: some.length * MOST,
    });
    for (const row of rows) {
      const key = `${row["kind"]} ${row[by.column]}`;
      const values = found.get(key);
      if (values) values.push(row["value"] as string);
      else found.set(key, [row["value"] as string]);
    }
  }
  return found;
}
