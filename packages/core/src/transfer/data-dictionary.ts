import type { Context } from "../context/context.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import { isPersonal } from "../privacy/personal-model.js";
import type { Session } from "../runtime/session.js";
import { csvLine } from "./csv-write.js";
import { neutralised } from "./formula.js";

/** What a field is, where it comes from, and who may change it how. */
export interface DictionaryField {
  readonly entity: string;
  readonly field: string;
  readonly label: string;
  readonly description: string | null;
  /** `string`, `money`, `reference`, … */
  readonly type: string;
  /** Form of the value: a format of JSON Schema, the words of a list, the entity that it refers to. */
  readonly format: string | null;
  /** Characters or bounds, as in `1 to 200 characters`. */
  readonly limits: string | null;
  readonly required: boolean;
  readonly unique: boolean;
  /** The plugin that the field comes from; `core` for what core keeps itself. */
  readonly source: string;
  /** The plugin that owns the entity. */
  readonly owner: string;
  readonly update:
    | "by core"
    | "set once"
    | "by a rule, or by whoever may"
    | "by the system, or by whoever may"
    | "by whoever may";
  readonly sensitivity: "normal" | "sensitive" | "secret";
  /** It says something about a person: erasing him clears it. */
  readonly personal: boolean;
  readonly encrypted: boolean;
}

/**
 * Every field of every entity that the actor may see, as the plugins declare it. Nothing of it is written by hand, so none
 * is out of date.
 */
export function dataDictionary(ctx: Context): DictionaryField[] {
  const session = ctx as Session;
  const { entities } = session.runtime.composition;
  return [...entities.values()]
    .filter(({ name, internal }) => !internal && session.access.has(name, "read"))
    .flatMap(({ name }) => {
      const view = session.entity(name);
      return view.fieldList
        .filter(({ sensitivity }) => sensitivity !== "secret")
        .map((field) => entryOf(session, view, field));
    });
}

function entryOf(session: Session, entity: EntityModel, field: FieldModel): DictionaryField {
  const { personal } = session.runtime.composition;
  const { description } = field.schema as { description?: string };
  const isFilled = field.filled || field.default !== undefined;
  return {
    entity: entity.name,
    field: field.name,
    label: field.label,
    description: description ?? null,
    type: field.kind,
    format: formatOf(field),
    limits: limitsOf(field),
    required: !field.optional,
    unique: entity.unique.some((names) => names.length === 1 && names[0] === field.name),
    source: field.system ? "core" : field.owner,
    owner: entity.owner,
    update: field.system
      ? "by core"
      : field.immutable
        ? "set once"
        : field.derived
          ? "by the system, or by whoever may"
          : isFilled
            ? "by a rule, or by whoever may"
            : "by whoever may",
    sensitivity: field.sensitivity,
    personal: personal.has(entity.name) && isPersonal(field),
    encrypted: field.encrypted !== null,
  };
}

function formatOf({ kind, target, schema }: FieldModel): string | null {
  const {
    format,
    pattern,
    enum: words,
  } = schema as { format?: string; pattern?: string; enum?: readonly string[] };
  if (kind === "reference") return target ?? "a record of any entity";
  if (kind === "money") return "amount and ISO 4217 code";
  if (words) return words.join(" | ");
  return format ?? pattern ?? null;
}

function limitsOf({ schema }: FieldModel): string | null {
  const { minLength, maxLength, minimum, maximum } = schema as Readonly<Record<string, number | undefined>>;
  if (maxLength !== undefined) return `${minLength ?? 0} to ${maxLength} characters`;
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (minimum !== undefined) return `at least ${minimum}`;
  return maximum === undefined ? null : `at most ${maximum}`;
}

const COLUMNS = [
  "entity",
  "field",
  "label",
  "type",
  "format",
  "limits",
  "required",
  "unique",
  "source",
  "owner",
  "update",
  "sensitivity",
  "personal",
  "encrypted",
  "description",
] as const satisfies readonly (keyof DictionaryField)[];

/** The dictionary as CSV, for sheets and statistics programs. */
export function dictionaryCsv(fields: readonly DictionaryField[]): string {
  const rows = fields.map((field) =>
    csvLine(
      COLUMNS.map((name) => {
        const value = field[name];
        return typeof value === "string" ? neutralised(value) : value;
      }),
      ",",
    ),
  );
  return csvLine([...COLUMNS], ",") + rows.join("");
}
