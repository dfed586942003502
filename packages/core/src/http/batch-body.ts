import { IfMatchRequired, InvalidBody } from "./errors.js";
import type { JsonSchema } from "./openapi/operation.js";

export const MAX_OPERATIONS = 1000;

export type BatchOperation =
  | { readonly op: "create"; readonly data: Record<string, unknown> }
  | {
      readonly op: "update";
      readonly id: string;
      readonly data: Record<string, unknown>;
      readonly version?: number;
    }
  | { readonly op: "delete"; readonly id: string; readonly version?: number };

export interface Batch {
  readonly atomic: boolean;
  readonly operations: readonly BatchOperation[];
}

const version: JsonSchema = {
  type: "integer",
  minimum: 1,
  description: "The version that was read: 412 where the record has another.",
};

/** Body of `POST /api/{plural}/batch`, with the schemas of an entity's inputs. */
export function batchBody(input: JsonSchema, patch: JsonSchema): JsonSchema {
  const id = { type: "string", format: "uuid" };
  const operation = (op: string, properties: Record<string, JsonSchema>, required: readonly string[]) => ({
    type: "object",
    properties: { op: { const: op }, ...properties },
    required: ["op", ...required],
    additionalProperties: false,
  });
  return {
    type: "object",
    properties: {
      atomic: {
        type: "boolean",
        default: true,
        description: "All or nothing. False: what fails is left out, and its result says why.",
      },
      operations: {
        type: "array",
        minItems: 1,
        maxItems: MAX_OPERATIONS,
        description: "Done in this order.",
        items: {
          oneOf: [
            operation("create", { data: input }, ["data"]),
            operation("update", { id, data: patch, version }, ["id", "data"]),
            operation("delete", { id, version }, ["id"]),
          ],
        },
      },
    },
    required: ["operations"],
    additionalProperties: false,
  };
}

const NAMES: Readonly<Record<string, readonly string[]>> = {
  create: ["op", "data"],
  update: ["op", "id", "data", "version"],
  delete: ["op", "id", "version"],
};

/**
 * Reads the frame of a batch; what its records hold is the repository's business.
 *
 * @param versions changes must say which version they change
 * @throws invalid-body, if-match-required
 */
export function readBatch(body: Record<string, unknown>, versions: boolean): Batch {
  const { atomic = true, operations, ...rest } = body;
  const [stray] = Object.keys(rest);
  if (stray !== undefined) throw wrong(`A batch has "atomic" and "operations", not "${stray.slice(0, 64)}".`);
  if (typeof atomic !== "boolean") throw wrong(`"atomic" is true or false.`);
  if (!Array.isArray(operations) || operations.length === 0 || operations.length > MAX_OPERATIONS)
    throw wrong(`"operations" is a list of 1 to ${MAX_OPERATIONS} operations.`);
  operations.forEach((operation, i) => {
    const problem = problemOf(operation);
    if (problem !== undefined) throw wrong(`/operations/${i} ${problem}.`);
    const { op, version } = operation as { op: string; version?: number };
    if (versions && op !== "create" && version === undefined)
      throw IfMatchRequired({ pointer: `/operations/${i}` });
  });
  return { atomic, operations };
}

function problemOf(operation: unknown): string | undefined {
  if (!isObject(operation)) return "is no object";
  const { op, id, data, version } = operation;
  const names = typeof op === "string" && Object.hasOwn(NAMES, op) ? NAMES[op] : undefined;
  if (!names) return `needs an "op": ${Object.keys(NAMES).join(", ")}`;
  const stray = Object.keys(operation).find((name) => !names.includes(name));
  if (stray !== undefined) return `has "${stray.slice(0, 64)}", which a ${String(op)} does not take`;
  if (names.includes("data") && !isObject(data)) return `needs "data", an object`;
  if (op !== "create" && typeof id !== "string") return `needs the "id" of a record`;
  if (version !== undefined && !(Number.isSafeInteger(version) && (version as number) >= 1))
    return `has a "version" that is no whole number from 1`;
  return undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const wrong = (reason: string) => InvalidBody({ reason });
