import { readLines } from "./read-csv.js";

/** One line of a file of JSON objects, or why it is none. */
export type JsonRecord =
  | { readonly line: number; readonly text: string; readonly values: Readonly<Record<string, unknown>> }
  | { readonly line: number; readonly text: string; readonly problem: string };

/**
 * Reads lines of JSON objects. Memory holds one line.
 *
 * @throws row-too-large
 */
export async function* readNdjson(
  text: AsyncIterable<string> | Iterable<string>,
  maxRecord: number,
): AsyncGenerator<JsonRecord> {
  let line = 0;
  for await (const each of readLines(text, maxRecord)) {
    line += 1;
    if (each.trim() === "") continue;
    yield { line, text: each, ...parsed(each) };
  }
}

function parsed(text: string): { values: Record<string, unknown> } | { problem: string } {
  try {
    const values: unknown = JSON.parse(text);
    if (typeof values === "object" && values !== null && !Array.isArray(values))
      return { values: values as Record<string, unknown> };
    return { problem: "is not a JSON object" };
  } catch {
    return { problem: "is not JSON" };
  }
}
