import type { Repository } from "../context/repository.js";
import { contactPoint } from "../crm/entities/record-merge.js";
import {
  ownPoints,
  POINT_ENTITY,
  type PointKind,
  pointField,
  pointKind,
  pointProblem,
} from "../duplicates/points.js";
import { ValidationFailed } from "../errors/core-errors.js";
import type { Issue } from "../errors/corm-error.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { MAX_LIMIT } from "../repository/read.js";
import type { Session } from "../runtime/session.js";
import { normalForm } from "../standards/normal-form.js";

/** A column with further e-mail addresses or numbers of a record, one to a line: `contactPoint.email`. */
export interface PointColumn {
  readonly name: string;
  readonly kind: PointKind;
  /** The field of the entity that holds the first one. */
  readonly field: FieldModel;
}

/** What a row says of further addresses. */
export type Points = Readonly<Partial<Record<PointKind, readonly string[]>>>;

const CHUNK = 500;

/** Undefined where it is no such column, or the actor may write no such addresses. */
export function pointColumn(
  entity: EntityModel,
  name: string,
  entityOf: (name: string) => EntityModel,
): PointColumn | undefined {
  const kind = pointKind(name);
  if (kind === undefined) return undefined;
  const { writable } = entityOf(POINT_ENTITY);
  const isWritten = [...writable.values()].some(({ target }) => target === entity.name);
  const [field] = ownPoints(entity, kind);
  return isWritten && writable.has("value") && field ? { name, kind, field } : undefined;
}

/** The texts of a cell. */
export const pointsIn = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

const formed = (kind: PointKind, value: string, country: unknown, otherwise: string | undefined): string =>
  normalForm(kind, value, { country: typeof country === "string" && country !== "" ? country : otherwise });

/** The same under the names that matching rules have for them. */
export function comparedPoints(
  session: Session,
  input: RecordValues,
  points: Points | undefined,
): RecordValues {
  const all = Object.entries(points ?? {}) as [PointKind, readonly string[]][];
  return Object.fromEntries(
    all.map(([kind, values]) => [
      pointField(kind),
      values.map((value) => formed(kind, value, input["country"], session.country)),
    ]),
  );
}

/** A record that was written, and what its row says besides. */
export interface PointedRecord {
  readonly record: RecordValues;
  readonly points: Points | undefined;
  /** Place of the row in its batch. */
  readonly at: number;
}

/**
 * Keeps further addresses of records, in the name of the session's actor: those that are not known of them yet.
 *
 * @throws validation-failed of the records' entity, with the places of rows in the batch
 */
export async function keepPoints(
  tx: Session,
  name: string,
  written: readonly PointedRecord[],
): Promise<void> {
  const told = written.filter(({ points }) => points !== undefined);
  if (told.length === 0) return;
  const entity = tx.model(name);
  const by = tx.model(POINT_ENTITY).references.find(({ target }) => target === name)?.name;
  if (by === undefined) return;
  const wanted = new Map<string, RecordValues>();
  const issues: Issue[] = [];
  for (const { record, points, at } of told)
    for (const [kind, values] of Object.entries(points ?? {}) as [PointKind, readonly string[]][]) {
      const own = new Set(ownPoints(entity, kind).map((field) => record[field.name]));
      for (const given of values) {
        const value = formed(kind, given, record["country"], tx.country);
        const point = { kind, value, [by]: record["id"] };
        const message = pointProblem(kind, value);
        if (message !== undefined)
          issues.push({ pointer: `/${at}/${pointField(kind)}`, code: "format", message });
        else if (!own.has(value)) wanted.set(keyOf(point, by), point);
      }
    }
  if (issues.length > 0) throw ValidationFailed({ entity: name, issues });
  if (wanted.size === 0) return;
  const known = tx.trusted().repoOf(POINT_ENTITY) as Repository<RecordValues, RecordValues>;
  const ids = [...new Set(told.map(({ record }) => record["id"]))];
  for (let i = 0; i < ids.length; i += CHUNK) {
    const where = { [by]: { in: ids.slice(i, i + CHUNK) } };
    const rows = known.stream({ where, select: ["kind", "value", by], limit: MAX_LIMIT } as never);
    for await (const row of rows as AsyncIterable<RecordValues>) wanted.delete(keyOf(row, by));
  }
  const fresh = [...wanted.values()];
  for (let i = 0; i < fresh.length; i += CHUNK)
    await tx.repo(contactPoint).createMany(fresh.slice(i, i + CHUNK) as never);
}

const keyOf = (point: RecordValues, by: string): string =>
  JSON.stringify([point[by], point["kind"], point["value"]]);
