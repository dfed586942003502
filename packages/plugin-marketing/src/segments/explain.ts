import { type Context, contact, type Entity, type Measure, type Where } from "@corm/core";
import type { Segment } from "../entities/segment.js";
import { audienceOf } from "./audience.js";

/** One part of a segment's condition, and whether one person satisfies it. */
export interface ExplainedPart {
  /** JSON Pointer into the condition. */
  readonly path: string;
  readonly condition: unknown;
  readonly holds: boolean;
}

export interface Explanation {
  readonly member: boolean;
  /** Every part of the condition on its own; empty for static segments. At most 45 of them. */
  readonly parts: readonly ExplainedPart[];
}

type Values = Record<string, unknown>;
interface Part {
  readonly path: string;
  readonly condition: unknown;
  readonly where: Values;
}

/** An aggregate takes 50 measures. */
const MAX_PARTS = 45;

/** Why a contact is in a segment or not: one statement that tries every part of the condition. */
export async function explainMembership(
  segment: Segment,
  contactId: string,
  ctx: Context,
): Promise<Explanation> {
  const parts = segment.kind === "static" ? [] : [...partsOf(segment.where ?? {}, "")].slice(0, MAX_PARTS);
  const measures: Record<string, Measure<Values>> = {
    member: { count: true, where: audienceOf(segment) as Where<Values> },
  };
  parts.forEach(({ where }, i) => {
    measures[`part${i}`] = { count: true, where };
  });
  // Also tells that there is such a contact.
  const { id } = await ctx.repo(contact).get(contactId);
  // The condition is the author's, so the contact is taken as an entity of unknown fields.
  const people: Entity<"contact", Values, Values, Values> = {
    name: contact.name,
    definition: contact.definition,
  };
  const [row] = await ctx.repo(people).aggregate({ where: { id }, measures });
  const holds = (name: string): boolean => Number(row?.[name] ?? 0) > 0;
  return {
    member: holds("member"),
    parts: parts.map(({ path, condition }, i) => ({ path, condition, holds: holds(`part${i}`) })),
  };
}

/** The parts of a condition from the outside in: groups first, then what they consist of. */
function* partsOf(where: Values, path: string): Generator<Part> {
  for (const [name, condition] of Object.entries(where)) {
    const at = `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    yield { path: at, condition, where: { [name]: condition } };
    if ((name === "and" || name === "or") && Array.isArray(condition)) {
      for (const [i, inner] of condition.entries()) yield* partsOf(inner as Values, `${at}/${i}`);
    }
  }
}
