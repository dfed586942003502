import type { RecordValues } from "../model/record-codec.js";
import type { BatchResult } from "./batch.js";
import type { BatchOperation } from "./batch-body.js";
import { type Problem, toProblem } from "./problem.js";

/** One line of the answer to a batch: what the operation would have been answered alone. */
export interface BatchLine {
  readonly op: BatchOperation["op"];
  readonly status: number;
  readonly etag?: string;
  readonly data?: RecordValues;
  readonly problem?: Problem;
}

const DONE = { create: 201, update: 200, delete: 204 } as const;

export function batchResult(
  { op }: BatchOperation,
  result: BatchResult,
  requestId: string,
  etagOf: (record: RecordValues) => string,
): BatchLine {
  if ("error" in result) {
    const problem = toProblem(result.error, requestId);
    return { op, status: problem.status, problem };
  }
  const { record } = result;
  return { op, status: DONE[op], ...(record ? { etag: etagOf(record), data: record } : {}) };
}
