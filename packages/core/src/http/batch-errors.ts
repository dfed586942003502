import { ValidationFailed } from "../errors/core-errors.js";
import { CormError, type Issue } from "../errors/corm-error.js";
import type { BatchOperation } from "./batch-body.js";

const LISTED = /^\/(\d+)(?=\/|$)/;

/** The findings of a list of inputs by the position of the input; undefined where the error does not tell. */
export function findingsOf(error: CormError, count: number): ReadonlyMap<number, Issue[]> | undefined {
  if (!ValidationFailed.is(error)) return undefined;
  const found = new Map<number, Issue[]>();
  for (const issue of error.issues) {
    const position = Number(LISTED.exec(issue.pointer)?.[1] ?? Number.NaN);
    if (!(position < count)) return undefined;
    found.set(position, [...(found.get(position) ?? []), issue]);
  }
  return found.size > 0 ? found : undefined;
}

/** The error as an error of the whole batch: its findings point at the operations that are to blame. */
export function at(error: CormError, start: number, operations: readonly BatchOperation[]): CormError {
  const listed = findingsOf(error, operations.length);
  const place = (position: number) =>
    `/operations/${start + position}${operations[position]?.op === "delete" ? "" : "/data"}`;
  const issues = listed
    ? [...listed].flatMap(([position, found]) =>
        found.map((issue) => ({ ...issue, pointer: issue.pointer.replace(LISTED, place(position)) })),
      )
    : error.issues.map((issue) => ({ ...issue, pointer: `${place(0)}${issue.pointer}` }));
  const own = { pointer: `/operations/${start}`, code: error.code, message: error.message };
  return new CormError({
    code: error.code,
    status: error.status,
    title: error.title,
    detail: listed ? error.message : `Operation ${start}: ${error.message}`,
    issues: issues.length > 0 ? issues : [own],
    meta: error.meta,
    cause: error,
  });
}
