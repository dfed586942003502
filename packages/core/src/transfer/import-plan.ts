import { UnknownField } from "../errors/core-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import { nearest } from "../util/words.js";
import type { TableColumn } from "./columns.js";
import { InvalidImport } from "./errors.js";
import type { ImportOptions } from "./import-options.js";
import { type LinkColumn, linkColumn } from "./link-columns.js";
import { type PointColumn, pointColumn } from "./points.js";
import { transformOf } from "./transforms.js";

/** Columns that the file of rejected rows has in front of the reason: a corrected file may keep them. */
export const NOTES = ["_row", "_reason"];

/** A column that is read, and what happens to its text before. */
export type ImportColumn = (
  | TableColumn
  | (LinkColumn & { readonly part: "link" })
  | (PointColumn & { readonly part: "points" })
) & {
  readonly step?: ((text: string) => string) | undefined;
};

/** What each column of a file is, or null for one that is left out. */
export type ImportPlan = readonly (ImportColumn | null)[];

/** Those of its columns that name other records. */
export const linksOf = (plan: ImportPlan): LinkColumn[] =>
  plan.flatMap((column) => (column?.part === "link" ? [column] : []));

/**
 * Finds the field of every column. All names are looked up among the fields that the actor may write: others are
 * unknown.
 *
 * @throws unknown-field, invalid-import
 */
export function planImport(
  entity: EntityModel,
  header: readonly string[],
  options: ImportOptions,
  entityOf: (name: string) => EntityModel,
): ImportPlan {
  const { mapping = {}, transforms = {}, on = [], mode = "create" } = options;
  const names = header.map((name) => name.trim());
  const twice = names.find((name, i) => name !== "" && names.indexOf(name) < i);
  if (twice !== undefined) throw InvalidImport({ reason: `The header has "${twice.slice(0, 100)}" twice.` });
  for (const [option, columns] of Object.entries({ mapping, transforms }))
    for (const column of Object.keys(columns)) {
      if (!names.includes(column))
        throw InvalidImport({
          reason: `"${option}" names the column "${column.slice(0, 100)}", which the file does not have.`,
        });
    }
  const byId = mode === "update" && on.length === 1 && on[0] === "id";
  const plan = names.map((name): ImportColumn | null => {
    const target = Object.hasOwn(mapping, name) ? (mapping[name] as string | null) : name;
    if (target === null || NOTES.includes(target)) return null;
    const step = Object.hasOwn(transforms, name) ? transformOf(name, transforms[name]) : undefined;
    if (target === "id" && byId)
      return { name: "id", field: entity.fields.get("id") as FieldModel, part: "value", step };
    const points = pointColumn(entity, target, entityOf);
    if (points) return { ...points, part: "points", step };
    const link = target.includes(".") ? linkColumn(entity, target, entityOf) : undefined;
    return link ? { ...link, part: "link", step } : { ...columnOf(entity, target), step };
  });
  checkParts(plan);
  checkKey(entity, plan, options, byId);
  return plan;
}

function columnOf(entity: EntityModel, name: string): TableColumn {
  const field = entity.inputFields.find((each) => each.name === name && each.sensitivity !== "secret");
  if (field) return { name, field, part: field.kind === "money" ? "amount" : "value" };
  const amount = name.endsWith(".currency") ? name.slice(0, -".currency".length) : undefined;
  const money = entity.inputFields.find((each) => each.name === amount && each.kind === "money");
  if (money) return { name, field: money, part: "currency" };
  const readOnly = entity.fields.get(name)?.system === true;
  const hint = nearest(
    name,
    entity.inputFields.map((each) => each.name),
  );
  throw UnknownField({ entity: entity.name, field: name.slice(0, 100), readOnly, nearest: hint });
}

function checkParts(plan: ImportPlan): void {
  // Two columns for one reference contradict one another as well.
  const taken = plan.flatMap((column) =>
    column ? [column.part === "link" ? column.field.name : column.name] : [],
  );
  const twice = taken.find((name, i) => taken.indexOf(name) < i);
  if (twice !== undefined)
    throw InvalidImport({ reason: `Two columns are "${twice}": leave one out in "mapping".` });
  if (taken.length === 0) throw InvalidImport({ reason: "No column of the file is a field." });
  for (const column of plan) {
    if (column?.part === "currency" && !taken.includes(column.field.name))
      throw InvalidImport({ reason: `The file has "${column.name}" without "${column.field.name}".` });
  }
}

function checkKey(
  entity: EntityModel,
  plan: ImportPlan,
  { mode = "create", on = [] }: ImportOptions,
  byId: boolean,
): void {
  if (mode === "create" || mode === "capture") {
    if (on.length > 0) throw InvalidImport({ reason: `"on" is for the modes update and upsert.` });
    return;
  }
  const keys = entity.unique.map((names) => names.join(","));
  const unique = entity.unique.some(
    (names) => names.length === on.length && names.every((name) => on.includes(name)),
  );
  if (!unique && !byId) {
    const known = [...keys, ...(mode === "update" ? ["id"] : [])].join(" or ") || "there is none";
    throw InvalidImport({
      reason: `"on" finds the record of a row by a unique key of ${entity.name}: ${known}.`,
    });
  }
  const missing = on.find(
    (name) => !plan.some((column) => column?.part !== "points" && column?.field.name === name),
  );
  if (missing !== undefined)
    throw InvalidImport({ reason: `The file has no column for "${missing}", which "on" names.` });
}
