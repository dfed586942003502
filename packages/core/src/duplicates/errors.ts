import { defineError } from "../errors/define-error.js";

/** A record that another one matches. */
export interface FoundMatch {
  readonly id: string;
  /** 0 to 1. */
  readonly score: number;
  /** Names of the rules that it matches by. */
  readonly rules: string[];
}

export const DuplicateFound = defineError<{
  entity: string;
  /** Where in a batch, such as `/3`; empty for a single record. */
  place: string;
  /** Those that the caller may see. */
  matches: readonly FoundMatch[];
}>("duplicate-found", {
  status: 409,
  title: "There is such a record already",
  detail: ({ entity, place, matches }) => {
    const where = place === "" ? "" : ` (${place})`;
    const whom =
      matches.length === 0
        ? "one that you may not see"
        : matches.map(({ id, score }) => `${id} (${score.toFixed(2)})`).join(", ");
    return `This ${entity}${where} is a duplicate of ${whom}, and a rule of the tenant keeps duplicates out. Change that one, or merge the two.`;
  },
  issues: ({ place, matches }) => [
    {
      pointer: place,
      code: "duplicate-found",
      message:
        matches.length === 0
          ? "is a duplicate of a record that you may not see"
          : `is a duplicate of ${matches.map(({ id }) => id).join(", ")}`,
    },
  ],
});

export const InvalidMatchRule = defineError<{ problems: readonly string[] }>("invalid-match-rule", {
  status: 422,
  title: "A matching rule is not usable",
  detail: ({ problems }) => `The rule cannot be used: ${problems.join("; ")}.`,
  issues: ({ problems }) =>
    problems.map((message) => ({ pointer: "/when", code: "invalid-match-rule", message })),
});
