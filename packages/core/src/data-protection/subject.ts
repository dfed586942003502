import { NotFound } from "../errors/core-errors.js";
import { SubjectUnknown } from "../errors/privacy-errors.js";
import type { FieldModel } from "../model/field-model.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Subject } from "../privacy/define-personal-data.js";
import type { PersonalModel } from "../privacy/personal-model.js";
import { decodeRows } from "../repository/decode-rows.js";
import type { Session } from "../runtime/session.js";
import type { Filter } from "../storage/filter.js";
import { and, or } from "../storage/filter.js";
import { addressFilter } from "./belongs.js";
import { comparable } from "./comparable.js";
import { rowsOf } from "./rows.js";

/** A record that is a person. */
export interface PersonRef {
  readonly entity: string;
  readonly id: string;
}

/** Records that one person may be: more are a mistake in the data, such as one address for everybody. */
const MOST_RECORDS = 1_000;

/** A subject as it is kept while its erasure runs. */
export interface StoredSubject {
  readonly persons: Readonly<Record<string, readonly string[]>>;
  readonly email: readonly string[];
  readonly phone: readonly string[];
}

export const storedSubject = ({ persons, addresses }: Subject): StoredSubject => ({
  persons: Object.fromEntries(persons),
  email: addresses.email,
  phone: addresses.phone,
});

export const subjectOf = ({ persons, email, phone }: StoredSubject): Subject => ({
  persons: new Map(Object.entries(persons)),
  addresses: { email, phone },
});

/**
 * Who a person is: the records named, those that refer to them as the same person, and the addresses of all that nobody
 * else has. Records in the recycle bin count.
 *
 * @throws not-found, and subject-unknown where a record named is of an entity whose records are no people
 */
export async function findSubject(session: Session, named: readonly PersonRef[]): Promise<Subject> {
  const { personal } = session.runtime.composition;
  const people = [...personal.values()].filter((model) => model.person);
  const found = new Map<string, Map<string, RecordValues>>();
  let wanted = new Map<string, Set<string>>();
  for (const { entity, id } of named) {
    if (!people.some((model) => model.entity.name === entity))
      throw SubjectUnknown({ reason: `Records of "${entity}" are not people.` });
    wanted.set(entity, (wanted.get(entity) ?? new Set()).add(id.toLowerCase()));
  }
  let first = true;
  while (wanted.size > 0) {
    const next = new Map<string, Set<string>>();
    const want = (entity: string, id: unknown) => {
      if (typeof id !== "string" || found.get(entity)?.has(id)) return;
      next.set(entity, (next.get(entity) ?? new Set()).add(id));
    };
    for (const [entity, ids] of wanted) {
      const model = personal.get(entity) as PersonalModel;
      const rows = await load(session, model, { op: "in", column: "id", values: [...ids] });
      if (first && rows.length < ids.size) throw NotFound({ entity, id: [...ids].join(", ") });
      const map = found.get(entity) ?? new Map<string, RecordValues>();
      found.set(entity, map);
      for (const row of rows) map.set(row["id"] as string, row);
      for (const field of model.by) for (const row of rows) want(field.target as string, row[field.name]);
      for (const other of people) {
        const leading = other.by.filter((field) => field.target === entity);
        if (leading.length === 0) continue;
        const same = or(
          ...leading.map((field): Filter => ({ op: "in", column: field.column, values: [...ids] })),
        );
        for (const row of await load(session, other, same)) want(other.entity.name, row["id"]);
      }
    }
    first = false;
    wanted = next;
  }
  const total = [...found.values()].reduce((sum, map) => sum + map.size, 0);
  if (total > MOST_RECORDS)
    throw SubjectUnknown({
      reason: `${total} records are said to be one person: that is a mistake in them.`,
    });
  const persons = new Map([...found].map(([entity, map]) => [entity, [...map.keys()]]));
  return { persons, addresses: await ownAddresses(session, people, found) };
}

async function load(session: Session, model: PersonalModel, where: Filter): Promise<RecordValues[]> {
  const rows: RecordValues[] = [];
  for await (const page of rowsOf(session, model.entity, where)) {
    rows.push(...(await decodeRows(session, model.entity.fieldList, page)));
    if (rows.length > MOST_RECORDS) break;
  }
  return rows;
}

type Found = ReadonlyMap<string, ReadonlyMap<string, RecordValues>>;

/** The addresses of a person's records, as written and normalised, without those that somebody else has as well. */
async function ownAddresses(
  session: Session,
  people: readonly PersonalModel[],
  found: Found,
): Promise<Subject["addresses"]> {
  const own = { email: new Set<string>(), phone: new Set<string>() };
  for (const model of people) {
    for (const row of found.get(model.entity.name)?.values() ?? [])
      for (const { field, kind } of model.addresses)
        for (const text of spellings(row[field.name])) own[kind === "phone" ? "phone" : "email"].add(text);
  }
  const all = { email: [...own.email], phone: [...own.phone] };
  if (all.email.length + all.phone.length === 0) return all;
  for (const model of people) {
    if (model.addresses.length === 0) continue;
    const mine = [...(found.get(model.entity.name)?.keys() ?? [])];
    const cipher = model.addresses.some(({ field }) => field.encrypted) ? await session.reading() : undefined;
    const others: Filter = { op: "not", of: { op: "in", column: "id", values: mine } };
    const where = and(addressFilter(model, all, cipher), ...(mine.length > 0 ? [others] : []));
    for await (const page of rowsOf(session, model.entity, where)) {
      const rows = await decodeRows(session, fieldsOf(model), page);
      for (const row of rows)
        for (const { field } of model.addresses)
          for (const set of [own.email, own.phone])
            for (const text of set)
              if (spellings(row[field.name]).includes(comparable(text))) set.delete(text);
    }
  }
  return { email: [...own.email], phone: [...own.phone] };
}

const fieldsOf = (model: PersonalModel): FieldModel[] => [
  model.entity.fields.get("id") as FieldModel,
  ...model.addresses.map(({ field }) => field),
];

function spellings(value: unknown): string[] {
  return typeof value === "string" && value !== "" ? [...new Set([value, comparable(value)])] : [];
}
