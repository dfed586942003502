import { InvalidQuery } from "../errors/core-errors.js";
import { and, type Filter } from "../storage/filter.js";
import { parseMoney, toMinor } from "../util/money.js";
import { HIGH, LOW, type MeasurePlan } from "./aggregate.js";

const OPERATORS = ["eq", "ne", "gt", "gte", "lt", "lte"] as const;

/** Conditions on measures by their name; money is compared in the app's currency. */
export function havingFilter(having: unknown, measures: readonly MeasurePlan[], currency: string): Filter {
  if (typeof having !== "object" || having === null)
    throw InvalidQuery({ reason: `"having" takes { measure: { gt: 10 } }.` });
  const parts: Filter[] = [];
  for (const [name, conditions] of Object.entries(having)) {
    const plan = measures.find((measure) => measure.as === name);
    if (!plan)
      throw InvalidQuery({
        reason: `"having" names "${name.slice(0, 64)}", which is not a measure of this aggregate.`,
      });
    for (const [op, operand] of Object.entries((conditions ?? {}) as object)) {
      if (!(OPERATORS as readonly string[]).includes(op)) {
        throw InvalidQuery({ reason: `"having" on "${name}" takes ${OPERATORS.join(", ")}, not "${op}".` });
      }
      if (plan.money) {
        // Amounts of another currency are neither more nor less: yen are not cents.
        for (const end of [LOW, HIGH]) parts.push({ op: "eq", column: end + name, value: currency });
      }
      const value = plan.money ? Number(toMinor(parseMoney({ amount: String(operand), currency }))) : operand;
      if (typeof value !== "number" || !Number.isFinite(value)) {
        throw InvalidQuery({
          reason: `"having" on "${name}" is compared with ${JSON.stringify(operand)}, but needs a number.`,
        });
      }
      parts.push({ op: op as (typeof OPERATORS)[number], column: name, value });
    }
  }
  return and(...parts);
}
