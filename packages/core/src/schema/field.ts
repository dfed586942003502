import type { Static, TSchema } from "typebox";
import Type from "typebox";
import type { Standard } from "../standards/normal-form.js";
import type { Money } from "../util/money.js";

/** What a field holds; decides its columns and how values are read and written. */
export type FieldKind =
  | "string"
  | "text"
  | "enum"
  | "integer"
  | "number"
  | "boolean"
  | "date"
  | "instant"
  | "money"
  | "reference"
  | "json";

export type OnDelete = "restrict" | "cascade" | "set null";

/** Corm's own facts about a field, kept beside the JSON Schema under `x-corm`. */
export interface FieldMeta {
  readonly kind?: FieldKind;
  readonly target?: string;
  readonly onDelete?: OnDelete;
  /** A human name for forms and error messages. */
  readonly label?: string;
  /** Inputs may leave it out, since a hook fills it in. */
  readonly filled?: boolean;
  readonly sensitivity?: Sensitivity;
  readonly encryption?: Encryption;
  /** It says something about a person, though its kind does not show it. */
  readonly personal?: boolean;
  readonly standard?: FieldStandard;
  /** The system works it out of other things: writing it is no edit. */
  readonly derived?: boolean;
  /** It says something of its record alone: a merge takes it from no other. */
  readonly ownInMerge?: boolean;
}

/** In which form the values of a text field are kept. */
export interface FieldStandard {
  readonly as: Standard;
  /** Of phone numbers: the field of the record that says of which country they are. */
  readonly country: string | null;
  /** The field of the record that says which standard a value is of, where it names one: `email` or `phone`. */
  readonly by: string | null;
}

/** How an encrypted field can be found. */
export interface Encryption {
  /** `exact` and `caseless` keep a blind index, by which equal values are found; null keeps none. */
  readonly index: "exact" | "caseless" | null;
}

/**
 * Who may see a field: `normal` follows the record; `sensitive` needs a right of its own; `secret` is for code with the
 * rights of the system alone, and never leaves the process.
 */
export type Sensitivity = "normal" | "sensitive" | "secret";

export type Fields = Readonly<Record<string, TSchema>>;

/** A field that is filled in when the input leaves it out. */
export type Defaulted<S extends TSchema> = S & { readonly "~default": true };

/** A foreign key. `Target` is the row it points at. */
export interface TReference<Target> extends TSchema {
  readonly "~unsafe": string;
  readonly "~target": Target;
}

/** TypeBox's marker for a type that is stated rather than inferred. */
export interface TStated<T> extends TSchema {
  readonly "~unsafe": T;
}

interface FieldOptions {
  readonly title?: string;
  readonly description?: string;
}

function annotate(schema: TSchema, meta: FieldMeta): TSchema {
  return { ...schema, "x-corm": { ...metaOf(schema), ...meta } };
}

export function metaOf(schema: TSchema): FieldMeta {
  return (schema as { "x-corm"?: FieldMeta })["x-corm"] ?? {};
}

/** Anything that names a row type: an entity handle, without importing its module. */
export interface ReferenceTarget<Row> {
  readonly name: string;
  readonly "~types"?: { readonly row: Row };
}

/**
 * A foreign key to another entity's `id`. Give the entity, or its name where an import would be circular.
 *
 * `onDelete` says what happens to this record when the other one is purged: `restrict` (default) refuses,
 * `cascade` purges this one as well, `set null` clears the field (which must be optional).
 */
export function reference<Row = Record<string, unknown>>(
  target: ReferenceTarget<Row> | string,
  options: FieldOptions & { readonly onDelete?: OnDelete } = {},
): TReference<Row> {
  const { onDelete = "restrict", ...rest } = options;
  return annotate(Type.String({ format: "uuid", ...rest }), {
    kind: "reference",
    target: typeof target === "string" ? target : target.name,
    onDelete,
  }) as TReference<Row>;
}

/** The id of a record of whatever entity another field names; the database does not check that it exists. */
export function recordId(options: FieldOptions = {}): TStated<string> {
  return annotate(Type.String({ format: "uuid", ...options }), { kind: "reference" }) as TStated<string>;
}

/** An exact amount in a currency: `{ amount: "1234.50", currency: "EUR" }`. Two columns: minor units, code. */
export function money(options: FieldOptions = {}): TStated<Money> {
  const schema = Type.Object(
    {
      amount: Type.String({ pattern: "^-?\\d+(\\.\\d+)?$" }),
      currency: Type.String({ pattern: "^[A-Z]{3}$" }),
    },
    { additionalProperties: false, ...options },
  );
  return annotate(schema, { kind: "money" }) as TStated<Money>;
}

/** A point in time as RFC 3339 text; stored and answered in UTC with milliseconds. */
export function instant(options: FieldOptions = {}): TStated<string> {
  return annotate(Type.String({ format: "date-time", ...options }), { kind: "instant" }) as TStated<string>;
}

/** A calendar day without a zone, `YYYY-MM-DD`. */
export function date(options: FieldOptions = {}): TStated<string> {
  return annotate(Type.String({ format: "date", ...options }), { kind: "date" }) as TStated<string>;
}

/** Text without a practical length limit (1,000,000 characters unless `maxLength` says otherwise). Not indexable. */
export function longText(options: FieldOptions & { readonly maxLength?: number } = {}): TStated<string> {
  return annotate(Type.String({ maxLength: 1_000_000, ...options }), { kind: "text" }) as TStated<string>;
}

/** One of a fixed list of words. */
export function oneOf<const V extends string>(values: readonly V[], options: FieldOptions = {}): TStated<V> {
  const schema = {
    ...Type.Enum([...values] as unknown as [string, ...string[]]),
    type: "string",
    ...options,
  };
  return annotate(schema, { kind: "enum" }) as TStated<V>;
}

/** A JSON value of the given shape, stored as one column. It can be read and written, not filtered. */
export function json<S extends TSchema>(schema: S): TStated<Static<S>> {
  return annotate(schema, { kind: "json" }) as unknown as TStated<Static<S>>;
}

/** Fills the field in when the input of a create leaves it out. */
export function withDefault<S extends TSchema>(schema: S, value: ValueOf<S>): Defaulted<S> {
  return { ...schema, default: value } as unknown as Defaulted<S>;
}

/**
 * A field that inputs may leave out, since a `before` hook of the entity fills it in from other fields or records.
 * Required all the same: a record without it is refused once the hooks have run.
 */
export function filledByHook<S extends TSchema>(schema: S): Defaulted<S> {
  return annotate(schema, { filled: true }) as unknown as Defaulted<S>;
}

/** A field that a role must name, or grant with `sensitive`, before anybody sees it: health, salary, identity papers. */
export function sensitive<S extends TSchema>(schema: S): S {
  return annotate(schema, { sensitivity: "sensitive" }) as S;
}

/** A field that no actor ever reads or writes, whatever his role: hashes of passwords, keys, tokens. */
export function secret<S extends TSchema>(schema: S): S {
  return annotate(schema, { sensitivity: "secret" }) as S;
}

/**
 * A field that is encrypted in the database (AES-256-GCM, one key per tenant) and plain to code that may read it.
 * It cannot be sorted, grouped, measured or searched. With `searchable`, `eq`, `ne`, `in` and `nin` find it by a blind
 * index, and it may be unique; `caseless` takes upper and lower case for the same. Needs `createCrm({ encryption })`.
 */
export function encrypted<S extends TSchema>(
  schema: S,
  options: { readonly searchable?: boolean | "caseless" } = {},
): S {
  const { searchable = false } = options;
  const index = searchable === "caseless" ? "caseless" : searchable ? "exact" : null;
  return annotate(schema, { encryption: { index }, personal: true }) as S;
}

/**
 * A field that says something about a person: erasing the person clears it. Needed for numbers, instants and words of
 * a list; texts, dates and JSON are taken for personal wherever the record is.
 */
export function personal<S extends TSchema>(schema: S): S {
  return annotate(schema, { personal: true }) as S;
}

/**
 * A text field whose values are brought into one form on every way in: create, update, batch, import, hooks. Conditions with
 * `eq`, `ne`, `in` and `nin` bring what they compare with into the same form. Blank text becomes no value where the field is
 * optional. `phone` reads numbers without an international prefix as those of the country that the `country` field of the
 * record names, or else of the app's. Where a field holds values of several standards, `by` is the field of the record that
 * names the one of its value; `as` is for records where that names none.
 *
 * @example
 * phone: Type.Optional(normalized(Type.String({ maxLength: 50 }), "phone", { country: "country" })),
 */
export function normalized<S extends TSchema>(
  schema: S,
  as: Standard,
  options: { readonly country?: string; readonly by?: string } = {},
): S {
  const { country = null, by = null } = options;
  return annotate(schema, { standard: { as, country, by } }) as S;
}

/**
 * A field that the system works out of other things, such as a score. An update with the rights of the system that changes
 * nothing else is no edit: it leaves `version` and `updatedAt` as they are, so that whoever edits the record meanwhile is
 * not refused, and nobody takes it for something that a person has done. Hooks run and the journal has an entry all the
 * same, with the version that the record keeps; the `ETag` over HTTP becomes another one, and `If-Match` holds with both.
 * Not for temporal entities, whose states are kept by version.
 */
export function derived<S extends TSchema>(schema: S): S {
  return annotate(schema, { derived: true }) as S;
}

/**
 * A field that says something of its record alone, such as the pool in which it waits: in a merge the survivor keeps what it has
 * there, also nothing, and takes no value of the others.
 */
export function ownInMerge<S extends TSchema>(schema: S): S {
  return annotate(schema, { ownInMerge: true }) as S;
}

/** The value that a field holds when it is present. */
export type ValueOf<S> = S extends { readonly "~unsafe": infer T }
  ? T
  : S extends TSchema
    ? Static<S>
    : never;
