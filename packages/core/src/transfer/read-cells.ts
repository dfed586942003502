import type { FieldModel } from "../model/field-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { restored } from "./formula.js";
import type { ImportPlan } from "./import-plan.js";
import type { LinkTexts } from "./link-columns.js";
import { type Points, pointsIn } from "./points.js";

const INTEGER = /^[-+]?\d{1,16}$/;
/** As long as JavaScript prints one: 0.0000010000000000000002. */
const NUMBER = /^[-+]?\d{1,330}(\.\d{1,40})?([eE][-+]?\d{1,3})?$/;
const MONEY = /^(\S+) ([A-Z]{3})$/;
const WORDS = new Map([
  ["true", true],
  ["yes", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["0", false],
]);

export interface CellRules {
  /** What stands for an empty cell, or undefined for nothing at all. */
  readonly empty: null | undefined;
  /** Of amounts without one. */
  readonly currency: string;
}

export type ReadRow =
  | {
      readonly input: RecordValues;
      readonly links?: LinkTexts | undefined;
      readonly points?: Points | undefined;
    }
  | { readonly field: string; readonly reason: string };

/**
 * A row of cells as an input. Text that is no value of its field's kind is left as it is, and the entity's own rules
 * say so; only JSON has to be told here, since any text is a value of it.
 */
export function readCells(plan: ImportPlan, cells: readonly string[], rules: CellRules): ReadRow {
  const input: RecordValues = {};
  let links: Record<string, string> | undefined;
  let points: Record<string, readonly string[]> | undefined;
  const textOf = (at: number): string => {
    const text = restored(cells[at] as string);
    return plan[at]?.step?.(text) ?? text;
  };
  for (const [i, column] of plan.entries()) {
    if (!column || column.part === "currency") continue;
    const text = textOf(i);
    if (column.part === "points") {
      const values = pointsIn(text);
      if (values.length > 0) {
        points ??= {};
        points[column.kind] = values;
      }
    } else if (column.part === "link" && text.trim() !== "") {
      links ??= {};
      links[column.name] = text.trim();
    } else if (text === "" || column.part === "link") {
      if (rules.empty === null) input[column.field.name] = null;
    } else if (column.part === "amount") {
      const at = plan.findIndex((other) => other?.part === "currency" && other.field === column.field);
      input[column.field.name] = moneyOf(text, at < 0 ? "" : textOf(at).trim(), rules.currency);
    } else {
      const value = typedValue(column.field, text);
      if (value === undefined)
        return { field: column.field.name, reason: `${column.field.name}: is not JSON` };
      input[column.field.name] = value;
    }
  }
  return { input, links, points };
}

function moneyOf(text: string, currency: string, fallback: string): unknown {
  const [, amount, code] = MONEY.exec(text.trim()) ?? [];
  if (amount !== undefined && currency === "") return { amount, currency: code };
  return { amount: text.trim(), currency: currency || fallback };
}

function typedValue(field: FieldModel, text: string): unknown {
  switch (field.kind) {
    case "integer":
      return INTEGER.test(text.trim()) ? Number(text) : text;
    case "number":
      return NUMBER.test(text.trim()) ? Number(text) : text;
    case "boolean":
      return WORDS.get(text.trim().toLowerCase()) ?? text;
    case "json":
      return jsonOf(text);
    case "reference":
    case "date":
    case "instant":
      return text.trim();
    default:
      return text;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
