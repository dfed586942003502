import type { TSchema } from "typebox";
import type { FieldPlace } from "../encryption/field-cipher.js";
import {
  type Encryption,
  type FieldKind,
  type FieldStandard,
  metaOf,
  type OnDelete,
  type Sensitivity,
} from "../schema/field.js";
import type { PhysicalColumn } from "../storage/physical-schema.js";
import { type Money, parseMoney, toMinor } from "../util/money.js";
import { snakeCase, titleOf } from "../util/words.js";

/** Characters of a `Type.String()` that names no `maxLength`. */
export const DEFAULT_STRING_LENGTH = 255;
/** Longer strings cannot be indexed on every engine, and become text columns. */
const MAX_VARCHAR = 500;

/** A field as the kernel works with it. */
export interface FieldModel {
  readonly name: string;
  readonly kind: FieldKind;
  readonly label: string;
  /** Plugin that declared it. */
  readonly owner: string;
  readonly schema: TSchema;
  readonly optional: boolean;
  readonly default: unknown;
  /** Inputs may leave it out, since a hook fills it in. */
  readonly filled: boolean;
  readonly immutable: boolean;
  /** Core writes it; inputs cannot. */
  readonly system: boolean;
  readonly target: string | null;
  readonly onDelete: OnDelete;
  readonly sensitivity: Sensitivity;
  /** Null where it is stored as it is. */
  readonly encrypted: (Encryption & { readonly place: FieldPlace }) | null;
  /** Erasing a person clears it, whatever its kind. */
  readonly personal: boolean;
  /** The form in which its values are kept; null where they are kept as they come. */
  readonly standard: FieldStandard | null;
  /** The system works it out: writing it is no edit. */
  readonly derived: boolean;
  /** In a merge the survivor keeps what it has, and takes nothing of the others. */
  readonly ownInMerge: boolean;
  /** In a view: its values are shown without their middle. */
  readonly masked: boolean;
  /** First the value's own column; for money, then the currency's. */
  readonly columns: readonly PhysicalColumn[];
  readonly column: string;
  /** The column that equal values have in common: what conditions, indexes and unique keys are over. */
  readonly keyColumn: string;
}

interface RawSchema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly { readonly const?: unknown }[];
  readonly const?: unknown;
  readonly maxLength?: number;
  readonly default?: unknown;
  readonly title?: string;
}

/** Kind of a field by its schema; undefined where no kind fits and `json()` was not said. */
export function kindOf(schema: TSchema): FieldKind | undefined {
  const stated = metaOf(schema).kind;
  if (stated) return stated;
  const raw = schema as RawSchema;
  if (raw.enum?.every((v) => typeof v === "string")) return "enum";
  if (raw.anyOf && raw.anyOf.length > 0 && raw.anyOf.every((v) => typeof v.const === "string")) return "enum";
  if (typeof raw.const === "string") return "enum";
  switch (raw.type) {
    case "string":
      if (raw.format === "date-time") return "instant";
      if (raw.format === "date") return "date";
      return (raw.maxLength ?? 0) > MAX_VARCHAR ? "text" : "string";
    case "integer":
      return "integer";
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "object":
    case "array":
      return "json";
    default:
      return undefined;
  }
}

/** The words of an enum field. */
export function wordsOf(schema: TSchema): readonly string[] {
  const raw = schema as RawSchema;
  if (raw.enum) return raw.enum as readonly string[];
  if (raw.anyOf) return raw.anyOf.map((v) => v.const as string);
  return typeof raw.const === "string" ? [raw.const] : [];
}

export function fieldModel(
  name: string,
  schema: TSchema,
  kind: FieldKind,
  facts: { readonly owner: string; readonly immutable: boolean; readonly entity: string },
): FieldModel {
  const meta = metaOf(schema);
  const raw = schema as RawSchema;
  const optional = (schema as { "~optional"?: boolean })["~optional"] === true;
  const encrypted = meta.encryption
    ? { ...meta.encryption, place: { entity: facts.entity, field: name } }
    : null;
  const columns = encrypted
    ? sealedColumns(name, encrypted, optional)
    : columnsOf(name, schema, kind, optional);
  const column = (columns[0] as PhysicalColumn).name;
  return {
    name,
    kind,
    label: meta.label ?? raw.title ?? titleOf(name),
    owner: facts.owner,
    schema: bounded(schema, kind),
    optional,
    default: raw.default,
    filled: meta.filled === true,
    immutable: facts.immutable,
    system: false,
    target: meta.target ?? null,
    onDelete: meta.onDelete ?? "restrict",
    sensitivity: meta.sensitivity ?? "normal",
    encrypted,
    personal: meta.personal === true,
    standard: meta.standard ?? null,
    derived: meta.derived === true,
    ownInMerge: meta.ownInMerge === true,
    masked: false,
    columns,
    column,
    keyColumn: encrypted ? (columns[1]?.name ?? column) : column,
  };
}

/** A field that core itself keeps in every table. */
export function systemField(
  name: string,
  kind: FieldKind,
  column: PhysicalColumn,
  schema: TSchema,
): FieldModel {
  return {
    name,
    kind,
    label: titleOf(name),
    owner: "core",
    schema,
    optional: column.nullable,
    default: undefined,
    filled: false,
    immutable: true,
    system: true,
    target: null,
    onDelete: "restrict",
    sensitivity: "normal",
    encrypted: null,
    personal: false,
    standard: null,
    derived: false,
    ownInMerge: true,
    masked: false,
    columns: [column],
    column: column.name,
    keyColumn: column.name,
  };
}

function bounded(schema: TSchema, kind: FieldKind): TSchema {
  const raw = schema as RawSchema;
  const { "~optional": _, ...rest } = schema as Record<string, unknown>;
  if (kind === "string" && raw.maxLength === undefined)
    return { ...rest, maxLength: DEFAULT_STRING_LENGTH } as TSchema;
  return rest as TSchema;
}

/** Characters of a blind index. */
const INDEX_LENGTH = 43;

/** Under names of their own, so that no plain value is ever taken for an encrypted one, or the other way round. */
function sealedColumns(name: string, { index }: Encryption, optional: boolean): PhysicalColumn[] {
  const base = snakeCase(name);
  const sealed: PhysicalColumn = { name: `${base}_enc`, type: "text", nullable: optional };
  if (index === null) return [sealed];
  return [sealed, { name: `${base}_bidx`, type: "string", length: INDEX_LENGTH, nullable: optional }];
}

function columnsOf(name: string, schema: TSchema, kind: FieldKind, optional: boolean): PhysicalColumn[] {
  const raw = schema as RawSchema;
  const base = { name: snakeCase(name), nullable: optional };
  const fallback = raw.default;
  const withFallback = <C extends PhysicalColumn>(column: C): C =>
    typeof fallback === "string" || typeof fallback === "number" || typeof fallback === "boolean"
      ? { ...column, default: fallback }
      : column;
  switch (kind) {
    case "string":
      return [withFallback({ ...base, type: "string", length: raw.maxLength ?? DEFAULT_STRING_LENGTH })];
    case "enum":
      return [withFallback({ ...base, type: "string", length: 64 })];
    case "text":
      return [{ ...base, type: "text" }];
    case "integer":
      return [withFallback({ ...base, type: "integer" })];
    case "number":
      return [withFallback({ ...base, type: "float" })];
    case "boolean":
      return [withFallback({ ...base, type: "boolean" })];
    case "date":
      return [withFallback({ ...base, type: "date" })];
    case "instant":
      return [withFallback({ ...base, type: "instant" })];
    case "json":
      return [{ ...base, type: "json" }];
    case "money": {
      const amount = moneyDefault(fallback);
      return [
        { ...base, type: "integer", ...(amount ? { default: Number(toMinor(amount)) } : {}) },
        {
          name: `${base.name}_currency`,
          type: "string",
          length: 3,
          nullable: optional,
          ...(amount ? { default: amount.currency } : {}),
        },
      ];
    }
    case "reference": {
      const meta = metaOf(schema);
      return [
        {
          ...base,
          type: "id",
          // An id without a target is one of whatever entity another field names.
          ...(meta.target === undefined
            ? {}
            : {
                references: {
                  table: snakeCase(meta.target),
                  column: "id",
                  onDelete: meta.onDelete ?? "restrict",
                },
              }),
        },
      ];
    }
  }
}

/** A default that is no money is reported where defaults are checked. */
function moneyDefault(fallback: unknown): Money | undefined {
  try {
    return fallback === undefined ? undefined : parseMoney(fallback);
  } catch {
    return undefined;
  }
}
