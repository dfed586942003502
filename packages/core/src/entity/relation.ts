import type { Fields, ReferenceTarget } from "../schema/field.js";

/** The record that a reference field of this entity points at. */
export interface One<Field extends string = string> {
  readonly kind: "one";
  readonly field: Field;
}

/** The records of another entity whose reference field points here. */
export interface Many<Row = unknown> {
  readonly kind: "many";
  readonly target: string;
  readonly field: string;
  readonly "~row"?: Row;
}

export type Relation = One | Many;
export type Relations = Readonly<Record<string, Relation>>;

/** A view of a reference field: `account: one("accountId")`. */
export function one<const Field extends string>(field: Field): One<Field> {
  return { kind: "one", field };
}

/** A view of another entity's reference field: `contacts: many(contact, "accountId")`. */
export function many<Row = Record<string, unknown>>(
  target: ReferenceTarget<Row> | string,
  field: string,
): Many<Row> {
  return { kind: "many", target: typeof target === "string" ? target : target.name, field };
}

/** What `include` adds to a row, by relation name. */
export type RelationRows<F extends Fields, R extends Relations> = {
  readonly [K in keyof R]: R[K] extends One<infer Field>
    ? Field extends keyof F
      ? F[Field] extends { readonly "~target": infer Target }
        ? Target | null
        : Record<string, unknown> | null
      : Record<string, unknown> | null
    : R[K] extends Many<infer Row>
      ? readonly Row[]
      : never;
};
