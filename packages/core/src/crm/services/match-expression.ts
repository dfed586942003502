import Type from "typebox";
import { issuesOf } from "../../model/validate.js";
import { checker } from "../../schema/checker.js";

const likeness = Type.Enum([
  "text",
  "email",
  "phone",
  "personName",
  "company",
  "address",
  "url",
  "domain",
  "date",
  "number",
  "code",
]);
const field = Type.Union([
  Type.String({ minLength: 1, maxLength: 48 }),
  Type.Array(Type.String({ minLength: 1, maxLength: 48 }), { minItems: 1, maxItems: 5 }),
]);
const share = Type.Number({ minimum: 0, maximum: 1 });
const closed = { additionalProperties: false };

const comparison = Type.Object(
  {
    field,
    by: Type.Enum(["exact", "normalized", "fuzzy"]),
    score: Type.Optional(share),
    weight: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1000 })),
    as: Type.Optional(likeness),
    blank: Type.Optional(Type.Enum(["ignore", "differ"])),
  },
  closed,
);
const chances = Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 1 }), { minItems: 2, maxItems: 10 });
const weighed = Type.Object(
  { weigh: Type.Array(comparison, { minItems: 1, maxItems: 20 }), threshold: share },
  closed,
);
const probable = Type.Object(
  {
    probability: Type.Object(
      {
        comparisons: Type.Array(
          Type.Object(
            {
              field,
              as: Type.Optional(likeness),
              levels: Type.Array(share, { minItems: 1, maxItems: 9 }),
              m: chances,
              u: chances,
            },
            closed,
          ),
          { minItems: 1, maxItems: 20 },
        ),
        prior: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 }),
      },
      closed,
    ),
    threshold: share,
  },
  closed,
);
const block = Type.Array(
  Type.Object(
    {
      field,
      as: Type.Optional(likeness),
      by: Type.Optional(Type.Enum(["key", "sound", "word", "start"])),
      letters: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    },
    closed,
  ),
  { minItems: 1, maxItems: 5 },
);

const checkers = {
  field: checker(comparison),
  weigh: checker(weighed),
  probability: checker(probable),
  blocks: checker(Type.Array(block, { maxItems: 20 })),
};
const MAX_DEPTH = 5;
const MAX_PARTS = 20;

/** What is wrong with the shape of a rule's condition and blocks; empty where nothing is. */
export function checkExpression(when: unknown, blocks: unknown): string[] {
  const problems = problemsOf(when, "when", 1);
  if (blocks !== undefined && blocks !== null && !checkers.blocks.Check(blocks))
    problems.push(
      ...issuesOf(checkers.blocks.Errors(blocks)[1]).map(
        ({ pointer, message }) => `blocks${pointer} ${message}`,
      ),
    );
  return problems;
}

function problemsOf(when: unknown, at: string, depth: number): string[] {
  if (typeof when !== "object" || when === null || Array.isArray(when))
    return [`${at} must be a condition, such as { field, by }`];
  if (depth > MAX_DEPTH) return [`${at} nests deeper than ${MAX_DEPTH}`];
  for (const link of ["and", "or"] as const) {
    if (!(link in when)) continue;
    const parts = (when as Record<string, unknown>)[link];
    if (Object.keys(when).length > 1) return [`${at} has more beside "${link}"`];
    if (!Array.isArray(parts) || parts.length === 0 || parts.length > MAX_PARTS)
      return [`${at}.${link} takes a list of 1 to ${MAX_PARTS} conditions`];
    return parts.flatMap((part, i) => problemsOf(part, `${at}.${link}[${i}]`, depth + 1));
  }
  const kind = (["weigh", "probability"] as const).find((name) => name in when) ?? "field";
  const checker = checkers[kind];
  if (!checker.Check(when))
    return issuesOf(checker.Errors(when)[1]).map(({ pointer, message }) => `${at}${pointer} ${message}`);
  if (kind !== "probability") return [];
  const { comparisons } = (
    when as { probability: { comparisons: { levels: unknown[]; m: unknown[]; u: unknown[] }[] } }
  ).probability;
  return comparisons.flatMap(({ levels, m, u }, i) =>
    m.length === levels.length + 1 && u.length === m.length
      ? []
      : [`${at}.probability.comparisons[${i}] needs m and u for each level and for less than all`],
  );
}
