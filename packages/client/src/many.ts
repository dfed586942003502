import { type CormClientError, clientErrors } from "./errors.js";
import type { PostOptions } from "./options.js";
import { type Answer, problemError } from "./send/answer.js";

type Values = Record<string, unknown>;

/** One step of a batch. `version` as for `update` and `delete`. */
export type BatchOperation<Input> =
  | { readonly op: "create"; readonly data: Input }
  | { readonly op: "update"; readonly id: string; readonly data: Partial<Input>; readonly version?: number }
  | { readonly op: "delete"; readonly id: string; readonly version?: number };

/** What became of one step; `error` where it was left out. */
export interface BatchResult<Row> {
  readonly op: "create" | "update" | "delete";
  readonly status: number;
  /** Of creates and updates. */
  readonly data?: Row;
  readonly error?: CormClientError;
}

export interface BatchOptions extends PostOptions {
  /** All or nothing (the default), or whatever can be done. */
  readonly atomic?: boolean;
}

interface Line {
  readonly op: "create" | "update" | "delete";
  readonly status: number;
  readonly etag?: string;
  readonly data?: Values;
  readonly problem?: Values;
}

/** The results of a batch; `keep` is given every record with its tag. */
export function batchResults(
  { status, body }: Answer,
  keep: (record: Values, tag: string | null) => void,
): BatchResult<Values>[] {
  const lines = (body as { readonly results?: readonly Line[] } | undefined)?.results;
  if (!lines) throw clientErrors.unexpectedAnswer(status, "The answer has no results.");
  return lines.map(({ op, status: own, etag, data, problem }) => {
    if (data) keep(data, etag ?? null);
    return {
      op,
      status: own,
      ...(data ? { data } : {}),
      ...(problem ? { error: problemError(own, problem) } : {}),
    };
  });
}
