import type { AttachedFields } from "../model/access-facts.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type {
  AddressKind,
  Erasure,
  PersonalDataOptions,
  Replacement,
  Subject,
} from "./define-personal-data.js";

/** What all plugins say of one entity. */
export interface PersonalModel {
  readonly entity: EntityModel;
  readonly person: boolean;
  readonly by: readonly FieldModel[];
  /** Fields that name any record which this one hangs on, or is about; null where none do. */
  readonly on: AttachedFields | null;
  readonly addresses: readonly { readonly field: FieldModel; readonly kind: AddressKind }[];
  readonly mentions: readonly FieldModel[];
  readonly erase: Erasure;
  /** Days that a record is kept at most; null without a term. */
  readonly days: number | null;
  /** Fields that are cleared, and what they hold afterwards. */
  readonly cleared: readonly { readonly field: FieldModel; readonly value: unknown | Replacement }[];
  /** Fields that hold keys of files. */
  readonly files: readonly FieldModel[];
  /** Fields of an export. */
  readonly exported: readonly FieldModel[];
  readonly isAbout: (row: Record<string, unknown>, subject: Subject) => boolean;
  readonly onErase: readonly NonNullable<PersonalDataOptions<unknown>["onErase"]>[];
}

/** Whether its records tell of others without hanging on them, such as a log of what was sent; or hang on what does. */
export function isCopy(model: PersonalModel, personal: ReadonlyMap<string, PersonalModel>): boolean {
  if (model.person) return false;
  if (model.on && !model.entity.access.attached) return true;
  return model.by.some(({ target }) => {
    const parent = personal.get(target ?? "");
    return parent !== undefined && isCopy(parent, personal);
  });
}

/** Whether `on` of one model may name records of another. */
export function mayBeOn(
  model: PersonalModel,
  other: PersonalModel,
  personal: ReadonlyMap<string, PersonalModel>,
): boolean {
  if (!model.on || isCopy(other, personal)) return false;
  return isCopy(model, personal) || !other.entity.access.attached;
}

export const ERASED = "[erased]";

const TEXTS = new Set(["string", "text", "json", "date"]);

/** Whether a field is cleared unless it is to be kept. */
export function isPersonal(field: FieldModel): boolean {
  if (field.system || field.kind === "reference") return false;
  return (
    TEXTS.has(field.kind) || field.personal || field.encrypted !== null || field.sensitivity !== "normal"
  );
}

/** What a cleared field holds; a problem where that needs to be said. */
export function clearedValue(
  field: FieldModel,
  replace: Readonly<Record<string, unknown>>,
): { readonly value: unknown } | { readonly problem: string } {
  if (field.name in replace) return { value: replace[field.name] };
  if (field.optional) return { value: null };
  const {
    pattern,
    format,
    maxLength = ERASED.length,
  } = field.schema as {
    pattern?: string;
    format?: string;
    maxLength?: number;
  };
  const text = (field.kind === "string" || field.kind === "text") && !pattern && !format;
  if (!text || maxLength < ERASED.length)
    return { problem: `is required, and "${ERASED}" does not fit it: name it in keep or replace` };
  return { value: ERASED };
}
