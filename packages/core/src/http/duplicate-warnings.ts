import type { DuplicateWarning } from "../context/context.js";
import type { Answer } from "./route.js";

/** The header that tells of duplicates which were written all the same: the policy `allow`. */
export const WARNINGS_HEADER = "duplicate-warnings";
/** Headers have an end; `findDuplicates` answers the rest. */
const MOST = 20;

/**
 * The warnings of a request as a list of RFC 9651: what was written, and whom it is like by how much (0 to 1), as
 * `"contact/<id>";of="<id>";score=0.93`.
 */
export function warningsHeader(warnings: readonly DuplicateWarning[]): string {
  const entries = new Set<string>();
  for (const { entity, id, matches } of warnings)
    for (const match of matches)
      entries.add(`"${entity}/${id}";of="${match.id}";score=${match.score.toFixed(2)}`);
  return [...entries].slice(0, MOST).join(", ");
}

/** An answer with the warnings of what it did. */
export function withWarnings<T extends Answer | Response>(
  answer: T,
  warnings: readonly DuplicateWarning[],
): T | Answer {
  if (warnings.length === 0) return answer;
  const text = warningsHeader(warnings);
  if (answer instanceof Response) {
    answer.headers.set(WARNINGS_HEADER, text);
    return answer;
  }
  return { ...answer, headers: { ...answer.headers, [WARNINGS_HEADER]: text } };
}
