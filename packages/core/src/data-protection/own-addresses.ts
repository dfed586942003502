import type { FieldModel } from "../model/field-model.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Subject } from "../privacy/define-personal-data.js";
import type { PersonalModel } from "../privacy/personal-model.js";
import { decodeRows } from "../repository/decode-rows.js";
import type { Session } from "../runtime/session.js";
import { normalAddress } from "../standards/normal-address.js";
import { and, type Filter } from "../storage/filter.js";
import { comparable } from "../util/comparable.js";
import { addressFilter } from "./belongs.js";
import { rowsOf } from "./rows.js";
import type { PersonRef } from "./subject.js";

/** Records of people by entity and id, with what they hold. */
export type Found = Map<string, Map<string, RecordValues>>;

/**
 * The addresses of a person's records, and those by which he was named, as written and normalised, without those that
 * somebody else has as well.
 */
export async function ownAddresses(
  session: Session,
  people: readonly PersonalModel[],
  found: Found,
  given: Subject["addresses"],
): Promise<Subject["addresses"]> {
  const own = {
    email: new Set(given.email.flatMap((text) => spellings(session, text))),
    phone: new Set(given.phone.flatMap((text) => spellings(session, text))),
  };
  for (const model of people) {
    for (const row of found.get(model.entity.name)?.values() ?? [])
      for (const { field, kind } of model.addresses)
        for (const text of spellings(session, row[field.name]))
          own[kind === "phone" ? "phone" : "email"].add(text);
  }
  const all = { email: [...own.email], phone: [...own.phone] };
  if (all.email.length + all.phone.length === 0) return all;
  for await (const { model, row } of holders(session, people, all, found))
    for (const { field } of model.addresses)
      for (const set of [own.email, own.phone])
        for (const text of set)
          if (spellings(session, row[field.name]).includes(comparable(text))) set.delete(text);
  return { email: [...own.email], phone: [...own.phone] };
}

/** Records of people, those in the recycle bin among them, that hold an address; at most so many. */
export async function peopleAt(
  session: Session,
  people: readonly PersonalModel[],
  address: string,
  limit: number,
): Promise<PersonRef[]> {
  const both = { email: spellings(session, address), phone: spellings(session, address) };
  const found: PersonRef[] = [];
  for await (const { model, row } of holders(session, people, both, new Map())) {
    found.push({ entity: model.entity.name, id: row["id"] as string });
    if (found.length === limit) break;
  }
  return found;
}

async function* holders(
  session: Session,
  people: readonly PersonalModel[],
  addresses: Subject["addresses"],
  besides: Found,
): AsyncGenerator<{ readonly model: PersonalModel; readonly row: RecordValues }> {
  for (const model of people) {
    if (model.addresses.length === 0) continue;
    const mine = [...(besides.get(model.entity.name)?.keys() ?? [])];
    const cipher = model.addresses.some(({ field }) => field.encrypted) ? await session.reading() : undefined;
    const others: Filter = { op: "not", of: { op: "in", column: "id", values: mine } };
    const where = and(addressFilter(model, addresses, cipher), ...(mine.length > 0 ? [others] : []));
    for await (const page of rowsOf(session, model.entity, where))
      for (const row of await decodeRows(session, fieldsOf(model), page)) yield { model, row };
  }
}

const fieldsOf = (model: PersonalModel): FieldModel[] => [
  model.entity.fields.get("id") as FieldModel,
  ...model.addresses.map(({ field }) => field),
];

/** As it was written, and in the forms in which it is compared. */
function spellings({ country }: Session, value: unknown): string[] {
  if (typeof value !== "string" || value === "") return [];
  return [...new Set([value, comparable(value), normalAddress(value, country)])];
}
