import { NotFound } from "../errors/core-errors.js";
import { SubjectUnknown } from "../errors/privacy-errors.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Subject } from "../privacy/define-personal-data.js";
import type { PersonalModel } from "../privacy/personal-model.js";
import { decodeRows } from "../repository/decode-rows.js";
import { mergedWith } from "../repository/redirect.js";
import type { Session } from "../runtime/session.js";
import { type Filter, or } from "../storage/filter.js";
import { leftBehind, tracesOfSubject } from "./left-behind.js";
import { type Found, ownAddresses, peopleAt } from "./own-addresses.js";
import { purgedAmong } from "./purged-records.js";
import { rowsOf } from "./rows.js";

/** A record that is a person. */
export interface PersonRef {
  readonly entity: string;
  readonly id: string;
}

/** Whoever has an e-mail address or a phone number, as it was written. */
export interface PersonAddress {
  readonly address: string;
}

/** Whom an export or an erasure is about: a record, also one that was purged, or an address. */
export type Person = PersonRef | PersonAddress;

/** Records that one person may be: more are a mistake in the data, such as one address for everybody. */
const MOST_RECORDS = 1_000;

/** A subject as it is kept while its erasure runs. */
export interface StoredSubject {
  readonly persons: Readonly<Record<string, readonly string[]>>;
  readonly email: readonly string[];
  readonly phone: readonly string[];
  readonly also?: Readonly<Record<string, readonly string[]>>;
}

export const storedSubject = ({ persons, addresses, also = new Map() }: Subject): StoredSubject => ({
  persons: Object.fromEntries(persons),
  email: addresses.email,
  phone: addresses.phone,
  ...(also.size > 0 ? { also: Object.fromEntries(also) } : {}),
});

export const subjectOf = ({ persons, email, phone, also = {} }: StoredSubject): Subject => ({
  persons: new Map(Object.entries(persons)),
  addresses: { email, phone },
  also: new Map(Object.entries(also)),
});

/**
 * Who a person is: the records named, those that refer to them as the same person, and the addresses of all that nobody
 * else has. Records in the recycle bin count, and those that were purged and are in the journal alone.
 *
 * @throws not-found, and subject-unknown where a record named is of an entity whose records are no people, or an address is
 *   that of several people
 */
export async function findSubject(session: Session, named: readonly Person[]): Promise<Subject> {
  const people = [...session.runtime.composition.personal.values()].filter((model) => model.person);
  const found = new Map<string, Map<string, RecordValues>>();
  const given = { email: [] as string[], phone: [] as string[] };
  for (const one of named) {
    if ("address" in one) {
      given[one.address.includes("@") ? "email" : "phone"].push(one.address);
      const there = await peopleAt(session, people, one.address, MOST_RECORDS);
      const [first] = there;
      if (first) await gather(session, people, [first], found);
      if (there.some(({ entity, id }) => !found.get(entity)?.has(id)))
        throw SubjectUnknown({
          reason: "Several people have this address: name the record of the one who is meant.",
        });
    } else {
      if (!people.some((model) => model.entity.name === one.entity))
        throw SubjectUnknown({ reason: `Records of "${one.entity}" are not people.` });
      await gather(session, people, [one], found);
      const id = one.id.toLowerCase();
      if (!found.get(one.entity)?.has(id)) throw NotFound({ entity: one.entity, id });
    }
  }
  for (;;) {
    const addresses = await ownAddresses(session, people, found, given);
    const persons = new Map([...found].map(([entity, map]) => [entity, [...map.keys()]]));
    const more = await purgedPeople(session, people, { persons, addresses });
    if (more.length === 0) return leftBehind(session, { persons, addresses });
    await gather(session, people, more, found);
  }
}

/** Adds the records of people, those that were merged with them, and those that refer to them or are referred to by them as the same person. */
async function gather(
  session: Session,
  people: readonly PersonalModel[],
  start: readonly PersonRef[],
  found: Found,
): Promise<void> {
  let wanted = new Map<string, Set<string>>();
  const ask = (refs: typeof wanted, entity: string, id: unknown) => {
    if (typeof id !== "string" || found.get(entity)?.has(id)) return;
    refs.set(entity, (refs.get(entity) ?? new Set()).add(id));
  };
  for (const { entity, id } of start) ask(wanted, entity, id.toLowerCase());
  while (wanted.size > 0) {
    const next = new Map<string, Set<string>>();
    for (const [entity, ids] of wanted) {
      const model = people.find((one) => one.entity.name === entity);
      if (!model) continue;
      const map = found.get(entity) ?? new Map<string, RecordValues>();
      found.set(entity, map);
      const rows = await load(session, model, { op: "in", column: "id", values: [...ids] });
      const gone = [...ids].filter((id) => !rows.some((row) => row["id"] === id));
      if (gone.length > 0)
        for (const { id, values } of await purgedAmong(session, model, gone)) rows.push({ ...values, id });
      for (const row of rows) map.set(row["id"] as string, row);
      // Who was merged is the same person, in the recycle bin as well.
      for (const id of await mergedWith(session, model.entity, [...ids], MOST_RECORDS + 1))
        ask(next, entity, id);
      for (const field of model.by)
        for (const row of rows) ask(next, field.target as string, row[field.name]);
      for (const other of people) {
        const leading = other.by.filter((field) => field.target === entity);
        if (leading.length === 0) continue;
        const same = or(
          ...leading.map((field): Filter => ({ op: "in", column: field.column, values: [...ids] })),
        );
        for (const row of await load(session, other, same)) ask(next, other.entity.name, row["id"]);
      }
    }
    wanted = next;
    const total = [...found.values()].reduce((sum, map) => sum + map.size, 0);
    if (total > MOST_RECORDS)
      throw SubjectUnknown({
        reason: `${total} records are said to be one person: that is a mistake in them.`,
      });
  }
}

/** People who are this one by what the journal says of them: by a reference, or by an address that nobody else has. */
async function purgedPeople(
  session: Session,
  people: readonly PersonalModel[],
  subject: Subject,
): Promise<PersonRef[]> {
  const found: PersonRef[] = [];
  for await (const { model, ids } of tracesOfSubject(session, people, subject)) {
    const entity = model.entity.name;
    for (const id of ids) if (!subject.persons.get(entity)?.includes(id)) found.push({ entity, id });
  }
  return found;
}

async function load(session: Session, model: PersonalModel, where: Filter): Promise<RecordValues[]> {
  const rows: RecordValues[] = [];
  for await (const page of rowsOf(session, model.entity, where)) {
    rows.push(...(await decodeRows(session, model.entity.fieldList, page)));
    if (rows.length > MOST_RECORDS) break;
  }
  return rows;
}
