import type { FieldCipher } from "../encryption/field-cipher.js";
import { indexValue } from "../model/record-codec.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { Subject } from "../privacy/define-personal-data.js";
import { mayBeOn, type PersonalModel } from "../privacy/personal-model.js";
import type { Session } from "../runtime/session.js";
import { and, type Filter, never, or } from "../storage/filter.js";
import { comparable } from "../util/comparable.js";

/**
 * Which records of an entity belong to a subject: by a reference to one of his records, over other records that belong
 * to him, or by an address that is his alone.
 */
export async function belongs(session: Session, model: PersonalModel, subject: Subject): Promise<Filter> {
  const { personal } = session.runtime.composition;
  const sealed = [...personal.values()].some(({ addresses }) =>
    addresses.some(({ field }) => field.encrypted),
  );
  const cipher = sealed ? await session.reading() : undefined;
  const filterOf = (of: PersonalModel): Filter => {
    if (of.person) return among("id", subject.persons.get(of.entity.name) ?? []);
    const parts = of.by.map((field): Filter => {
      const target = personal.get(field.target ?? "");
      if (!target) return never;
      if (target.person) return among(field.column, subject.persons.get(target.entity.name) ?? []);
      const inner = filterOf(target);
      if (inner.op === "const" && !inner.value) return never;
      return leadingTo(field.column, target, inner, session.tenant);
    });
    const also = among("id", subject.also?.get(of.entity.name) ?? []);
    parts.push(...partsOn(of));
    return or(...parts, addressFilter(of, subject.addresses, cipher), also);
  };
  /**
   * Of what names records of any entity: those on a person, or on what is kept of him. What hangs on what is kept for the
   * company stays with it; copies of that go.
   */
  const partsOn = (of: PersonalModel): Filter[] => {
    const { on } = of;
    if (!on) return [];
    return [...personal.values()].flatMap((target) => {
      if (!mayBeOn(of, target, personal)) return [];
      if (of.entity.access.attached && typeof target.erase === "object") return [];
      const { name } = target.entity;
      // Of those that are gone, their ids are known.
      const ids = [...(subject.persons.get(name) ?? []), ...(subject.also?.get(name) ?? [])];
      const known = among(on.record.column, ids);
      const inner = target.person ? never : filterOf(target);
      const leads =
        inner.op === "const" && !inner.value
          ? never
          : leadingTo(on.record.column, target, inner, session.tenant);
      const named = or(known, leads);
      if (named.op === "const" && !named.value) return [];
      return [and({ op: "eq", column: on.entity.column, value: name }, named)];
    });
  };
  return filterOf(model);
}

function leadingTo(local: string, { entity }: PersonalModel, inner: Filter, tenant: string): Filter {
  const own: Filter = { op: "eq", column: TENANT_COLUMN, value: tenant };
  return { op: "exists", table: entity.table, local, foreign: "id", where: and(own, inner) };
}

const among = (column: string, values: readonly string[]): Filter =>
  values.length === 0 ? never : { op: "in", column, values };

/** Records that hold one of the addresses in a field for addresses. */
export function addressFilter(
  { addresses }: PersonalModel,
  subject: Subject["addresses"],
  cipher: FieldCipher | undefined,
): Filter {
  return or(
    ...addresses.map(({ field, kind }) => {
      const values = kind === "any" ? [...subject.email, ...subject.phone] : subject[kind];
      if (!field.encrypted) return or(...values.map((value) => spelt(field.column, value)));
      if (field.encrypted.index === null || !cipher) return never;
      return among(
        field.keyColumn,
        values.map((value) => indexValue(field, value, cipher)),
      );
    }),
  );
}

/** Equal, whatever the case: addresses are stored as somebody wrote them. */
function spelt(column: string, text: string): Filter {
  const like = (how: "starts" | "ends"): Filter => ({ op: "match", column, how, text, caseSensitive: false });
  return and(like("starts"), like("ends"));
}

/** Records in whose text an address may stand, and which no reference ties to anybody. */
export function unattached(model: PersonalModel): Filter {
  return and(...model.by.map((field): Filter => ({ op: "null", column: field.column, is: true })));
}

const LEAST_LETTERS = 6;
const LEAST_DIGITS = 7;

/** True where one of the subject's addresses stands in a field that may mention them, a number in whatever grouping. */
export function mentions(model: PersonalModel, row: Record<string, unknown>, subject: Subject): boolean {
  const isMentioned = mentionTest(subject);
  return model.mentions.some((field) => isMentioned(row[field.name]));
}

/** Whether an address of the subject stands in a text, or in the JSON of a value. */
export function mentionTest(subject: Subject): (value: unknown) => boolean {
  const words = [...subject.addresses.email, ...subject.addresses.phone]
    .map(comparable)
    // A number of a few digits stands in many texts.
    .filter((word) => word.length >= LEAST_LETTERS);
  const numbers = subject.addresses.phone.flatMap(groupings);
  return (value) => {
    if (value === null || value === undefined) return false;
    const text = comparable(typeof value === "string" ? value : JSON.stringify(value));
    return words.some((word) => text.includes(word)) || numbers.some((number) => number.test(text));
  };
}

/** `+49 30 123456` as `0049 (30) 12-34-56` and the like: the same digits, and no others around them. */
function groupings(phone: string): RegExp[] {
  const digits = phone.replace(/\D/g, "").replace(/^00/, "");
  // Letters among them are part of what tells it apart.
  if (digits.length < LEAST_DIGITS || /\p{L}/u.test(phone)) return [];
  return [new RegExp(`(?<!\\d)(?:00)?${[...digits].join("[\\s()./-]{0,3}")}(?!\\d)`)];
}

/** Entities in the order in which they are erased: what hangs on others first, people last. */
export function erasureOrder(personal: ReadonlyMap<string, PersonalModel>): PersonalModel[] {
  const hangsOn = (other: PersonalModel, model: PersonalModel): boolean =>
    other.by.some((field) => field.target === model.entity.name) || mayBeOn(other, model, personal);
  const left = new Map(personal);
  const order: PersonalModel[] = [];
  while (left.size > 0) {
    const free = [...left.values()].filter(
      (model) =>
        ![...left.values()].some((other) => other !== model && !other.person && hangsOn(other, model)) &&
        (!model.person || [...left.values()].every((other) => other.person)),
    );
    if (free.length === 0) throw new Error("personal data goes round in a circle");
    for (const model of free.sort((a, b) => (a.entity.name < b.entity.name ? -1 : 1))) {
      order.push(model);
      left.delete(model.entity.name);
    }
  }
  return order;
}
