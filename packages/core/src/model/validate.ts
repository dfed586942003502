import type { TSchema } from "typebox";
import { UnknownField, ValidationFailed } from "../errors/core-errors.js";
import type { Issue } from "../errors/corm-error.js";
import { type Checker, checker, checkOnce, type SchemaError } from "../schema/checker.js";
import { countryCode } from "../standards/country.js";
import { normalForm, STANDARDS } from "../standards/normal-form.js";
import { nearest } from "../util/words.js";
import type { EntityModel } from "./entity-model.js";
import type { FieldModel } from "./field-model.js";
import type { RecordValues } from "./record-codec.js";
import { pointer, storedForm } from "./stored-form.js";

/** Checks values against an entity's fields. Compiled once per entity. */
export interface EntityValidator {
  /**
   * The caller's input as an object of its own: defaults filled in, `undefined` dropped, fields refused that are
   * unknown in the caller's view of the entity.
   */
  prepareCreate(input: unknown, view: EntityModel): RecordValues;
  preparePatch(patch: unknown, view: EntityModel): RecordValues;
  /**
   * Brings values of normalized fields into their form, in place.
   *
   * @param country of the app
   * @param before the record that a patch is for
   * @param formed the same values as an earlier call left them: what is still so is in its form already
   */
  standardize(
    values: RecordValues,
    country: string | undefined,
    before?: RecordValues,
    formed?: RecordValues,
  ): void;
  /** Brings values into their stored form (instants in UTC, money with its decimals) and lists what is wrong. */
  checkCreate(values: RecordValues): Issue[];
  checkPatch(patch: RecordValues): Issue[];
}

export function entityValidator(entity: EntityModel): EntityValidator {
  const properties: Record<string, TSchema> = {};
  const required: string[] = [];
  for (const field of entity.inputFields) {
    properties[field.name] = field.schema;
    if (!field.optional) required.push(field.name);
  }
  const whole = checker({ type: "object", properties, required });
  const partial = checker({ type: "object", properties });
  const byName = entity.writable;
  const defaults = entity.inputFields.filter((field) => field.default !== undefined);

  const prepare = (input: unknown, view: EntityModel): RecordValues => {
    if (typeof input !== "object" || input === null || Array.isArray(input) || input instanceof Map) {
      const message = `must be an object, such as { ${view.inputFields[0]?.name ?? "field"}: … }`;
      throw ValidationFailed({ entity: entity.name, issues: [{ pointer: "", code: "type", message }] });
    }
    const values: RecordValues = {};
    for (const [name, value] of Object.entries(input as RecordValues)) {
      if (!view.writable.has(name)) {
        const readOnly = view.fields.has(name);
        const hint = readOnly ? undefined : nearest(name, view.writable.keys());
        throw UnknownField({ entity: entity.name, field: name, readOnly, nearest: hint });
      }
      if (value !== undefined) values[name] = value;
    }
    return values;
  };

  const check = (values: RecordValues, validator: Checker): Issue[] => {
    const issues: Issue[] = [];
    const present: RecordValues = {};
    for (const name of Object.keys(values)) {
      const field = byName.get(name);
      const value = values[name];
      if (!field || value === undefined || (value === null && field.optional)) continue;
      const normal = storedForm(field, value, issues);
      if (normal === undefined) continue;
      values[name] = normal;
      present[name] = normal;
    }
    if (validator.Check(present)) return issues;
    // A value without a stored form was left out: that it is missing now is no finding of its own.
    const told = new Set(issues.map((issue) => issue.pointer));
    issues.push(...issuesOf(validator.Errors(present)[1]).filter((issue) => !told.has(issue.pointer)));
    return issues;
  };

  return {
    prepareCreate(input, view) {
      const values = prepare(input, view);
      for (const field of defaults)
        if (values[field.name] === undefined) values[field.name] = clone(field.default);
      return values;
    },
    preparePatch: prepare,
    standardize(values, country, before, formed) {
      for (const field of entity.standards) {
        const value = values[field.name];
        if (typeof value !== "string" || (formed && isFormed(field, values, formed))) continue;
        values[field.name] = standardValue(field, value, { country, values, before });
      }
    },
    checkCreate: (values) => check(values, whole),
    checkPatch: (patch) => check(patch, partial),
  };
}

/** Why a field's own schema refuses its default; undefined where it does not. */
export function defaultProblem(field: FieldModel): string | undefined {
  if (field.default === undefined || (field.default === null && field.optional)) return undefined;
  const issues: Issue[] = [];
  const value = storedForm(field, field.default, issues);
  if (issues.length === 0) {
    const properties = { [field.name]: field.schema };
    issues.push(...issuesOf(checkOnce({ type: "object", properties }, { [field.name]: value })));
  }
  return issues[0]?.message;
}

/** Whether neither a value nor what it is read by has changed since it was brought into its form. */
function isFormed({ name, standard }: FieldModel, values: RecordValues, formed: RecordValues): boolean {
  const same = (by: string | null | undefined) => by == null || values[by] === formed[by];
  return values[name] === formed[name] && same(standard?.country) && same(standard?.by);
}

/** A value in the form in which its field keeps it; blank text is no value where there may be none. */
function standardValue(
  { standard, optional }: FieldModel,
  value: string,
  scope: {
    readonly country: string | undefined;
    readonly values: RecordValues;
    readonly before: RecordValues | undefined;
  },
): string | null {
  const { as, country: place, by } = standard as NonNullable<FieldModel["standard"]>;
  const told = (name: string | null) =>
    name === null ? undefined : (scope.values[name] ?? scope.before?.[name]);
  const own = told(place);
  const country = typeof own === "string" && countryCode(own) ? own : scope.country;
  const named = STANDARDS.find((one) => one === told(by));
  const normal = normalForm(named ?? as, value, { country });
  return normal === "" && optional ? null : normal;
}

/** Validation errors of a compiled schema as issues: one per place, unions folded into one. */
export function issuesOf(errors: readonly SchemaError[]): Issue[] {
  const issues = new Map<string, Issue>();
  for (const error of errors) {
    const missing = (error.params as { requiredProperties?: readonly string[] }).requiredProperties;
    const extra = (error.params as { additionalProperties?: readonly string[] }).additionalProperties;
    if (error.keyword === "required" && missing) {
      for (const name of missing) {
        const at = `${error.instancePath}${pointer(name)}`;
        issues.set(at, { pointer: at, code: "required", message: "is required" });
      }
    } else if (error.keyword === "additionalProperties" && extra) {
      for (const name of extra) {
        const at = `${error.instancePath}${pointer(name)}`;
        issues.set(at, { pointer: at, code: "unknown-field", message: "unknown field" });
      }
    } else if (!issues.has(error.instancePath)) {
      issues.set(error.instancePath, {
        pointer: error.instancePath,
        code: error.keyword.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`),
        message: message(error),
      });
    }
  }
  return [...issues.values()];
}

function message(error: SchemaError): string {
  const allowed = (error.params as { allowedValues?: readonly unknown[] }).allowedValues;
  if (error.keyword === "enum" && allowed) return `must be one of ${allowed.join(", ")}`;
  return error.message;
}

const clone = <T>(value: T): T =>
  typeof value === "object" && value !== null ? structuredClone(value) : value;
