import { InvalidQuery } from "../errors/core-errors.js";
import { and, type Filter, not } from "../storage/filter.js";
import { HIGH, LOW, type MeasurePlan } from "./aggregate.js";
import { fieldValue, isObject, moneyValue, nothingGiven } from "./parse-condition.js";

const OPERATORS = ["eq", "ne", "gt", "gte", "lt", "lte"] as const;
type Operator = (typeof OPERATORS)[number];

/**
 * Conditions on measures by their name: a bare value means `eq`, as elsewhere. Each is compared with what it holds, the
 * earliest instant with an instant; money without a currency is of the app's.
 */
export function havingFilter(having: unknown, measures: readonly MeasurePlan[], currency: string): Filter {
  if (!isObject(having)) throw InvalidQuery({ reason: `"having" takes { measure: { gt: 10 } }.` });
  const parts: Filter[] = [];
  for (const [name, condition] of Object.entries(having)) {
    const plan = measures.find((measure) => measure.as === name);
    if (!plan)
      throw InvalidQuery({
        reason: `"having" names "${name.slice(0, 64)}", which is not a measure of this aggregate.`,
      });
    parts.push(...conditionOn(plan, condition, currency));
  }
  return and(...parts);
}

function conditionOn(plan: MeasurePlan, condition: unknown, currency: string): Filter[] {
  const place = `having.${plan.as}`;
  if (condition === undefined) throw nothingGiven(place);
  const bareMoney = plan.money && isObject(condition) && "amount" in condition;
  if (!isObject(condition) || bareMoney) return [compare(plan, "eq", condition, currency, place)];
  const operators = Object.entries(condition);
  if (operators.length === 0) throw InvalidQuery({ reason: `The condition on "${place}" is empty.` });
  return operators.map(([op, operand]) => {
    if (!isOperator(op))
      throw InvalidQuery({
        reason: `"having" on "${plan.as}" takes ${OPERATORS.join(", ")}, not "${op.slice(0, 64)}".`,
      });
    if (operand === undefined) throw nothingGiven(`${place}.${op}`);
    return compare(plan, op, operand, currency, place);
  });
}

const isOperator = (op: string): op is Operator => (OPERATORS as readonly string[]).includes(op);

function compare(plan: MeasurePlan, op: Operator, operand: unknown, currency: string, place: string): Filter {
  const column = plan.as;
  if (!plan.money) return { op, column, value: fieldValue(kindOf(plan), operand, place) };
  const { minor, currency: asked } = moneyValue(operand, currency, place);
  // Amounts of another currency are neither more nor less: yen are not cents. But they are not equal.
  const same = [LOW, HIGH].map((end): Filter => ({ op: "eq", column: end + column, value: asked }));
  if (op === "ne") return not(and(...same, { op: "eq", column, value: minor }));
  return and(...same, { op, column, value: minor });
}

/** What a measure holds: the least and the greatest of a field are of the field's kind, all others are numbers. */
function kindOf({ fn, field }: MeasurePlan): Parameters<typeof fieldValue>[0] {
  const own = fn === "min" || fn === "max" ? field : null;
  return { kind: own?.kind ?? "number", encrypted: null };
}
