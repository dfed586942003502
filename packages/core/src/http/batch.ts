import type { Repository } from "../context/repository.js";
import { type CormError, isCormError } from "../errors/corm-error.js";
import { TransactionConflict } from "../errors/storage-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { lockRecords } from "../repository/write/update.js";
import type { Session } from "../runtime/session.js";
import type { Batch, BatchOperation } from "./batch-body.js";
import { at, findingsOf } from "./batch-errors.js";
import { isPlainObject, mergePatch } from "./merge-patch.js";

/** What became of one operation. */
export type BatchResult = { readonly record: RecordValues | undefined } | { readonly error: CormError };

type Records = Repository<RecordValues, RecordValues>;

/** Operations of one kind that follow one another, and name no record twice: one call of the repository. */
interface Run {
  readonly op: BatchOperation["op"];
  /** Position of the first. */
  readonly start: number;
  readonly operations: readonly BatchOperation[];
}

/**
 * Does the operations in their order, in one transaction, like ones that follow one another together.
 *
 * `atomic` stops at the first that fails; else that one is left out, and the others go on.
 *
 * @throws the error of the failed operation, its findings pointing into the batch, where `atomic`; errors of the server
 * and collisions of transactions in any case
 */
export function runBatch(
  session: Session,
  entity: EntityModel,
  { operations, atomic }: Batch,
): Promise<BatchResult[]> {
  return session.atomically(async (tx) => {
    const results: BatchResult[] = [];
    for (const run of runsOf(operations)) await doRun(tx, entity, run, atomic, results);
    return results;
  });
}

function runsOf(operations: readonly BatchOperation[]): Run[] {
  const runs: Run[] = [];
  let ids = new Set<string>();
  let current: { op: BatchOperation["op"]; start: number; operations: BatchOperation[] } | undefined;
  operations.forEach((operation, start) => {
    const id = operation.op === "create" ? undefined : operation.id.toLowerCase();
    if (!current || current.op !== operation.op || (id !== undefined && ids.has(id))) {
      current = { op: operation.op, start, operations: [] };
      runs.push(current);
      ids = new Set();
    }
    if (id !== undefined) ids.add(id);
    current.operations.push(operation);
  });
  return runs;
}

/**
 * A run that fails is done again in halves, until the operation that is to blame stands alone: one that succeeds costs
 * nothing more, and one that fails costs some ten steps, not one for every record.
 */
async function doRun(
  tx: Session,
  entity: EntityModel,
  run: Run,
  atomic: boolean,
  results: BatchResult[],
): Promise<void> {
  try {
    const records = await tx.savepoint((inner) => write(inner as Session, entity, run.operations));
    run.operations.forEach((_, i) => {
      results[run.start + i] = { record: records[i] };
    });
    return;
  } catch (error) {
    // Not the fault of an operation, or nothing can be kept any more.
    if (!isCormError(error) || error.status >= 500 || TransactionConflict.is(error)) throw error;
    const blamed = findingsOf(error, run.operations.length);
    if (run.operations.length === 1 || (atomic && blamed)) {
      const failed = at(error, run.start, run.operations);
      if (atomic) throw failed;
      results[run.start] = { error: failed };
      return;
    }
  }
  const middle = Math.ceil(run.operations.length / 2);
  for (const [from, to] of [
    [0, middle],
    [middle, run.operations.length],
  ] as const)
    await doRun(
      tx,
      entity,
      { op: run.op, start: run.start + from, operations: run.operations.slice(from, to) },
      atomic,
      results,
    );
}

async function write(
  session: Session,
  entity: EntityModel,
  operations: readonly BatchOperation[],
): Promise<readonly (RecordValues | undefined)[]> {
  const records = session.repoOf(entity.name) as Records;
  const creates: RecordValues[] = [];
  const updates: { id: string; patch: Record<string, unknown>; version?: number }[] = [];
  const deletes: { id: string; version?: number }[] = [];
  for (const operation of operations) {
    if (operation.op === "create") creates.push(operation.data);
    else {
      const { id, version } = operation;
      const target = { id, ...(version === undefined ? {} : { version }) };
      if (operation.op === "delete") deletes.push(target);
      else updates.push({ ...target, patch: operation.data });
    }
  }
  if (creates.length > 0) return records.createMany(creates);
  if (updates.length > 0) return records.updateMany(await merged(session, entity, updates));
  await records.deleteMany(deletes);
  return deletes.map(() => undefined);
}

type Change = { id: string; patch: Record<string, unknown>; version?: number };

/** Patches that reach into money and JSON values are merged with what is there, as PATCH does. */
async function merged(session: Session, entity: EntityModel, changes: readonly Change[]): Promise<Change[]> {
  const reaching = changes.filter(({ patch }) =>
    Object.entries(patch).some(([name, value]) => entity.fields.has(name) && isPlainObject(value)),
  );
  if (reaching.length === 0) return [...changes];
  const before = await lockRecords(
    session,
    entity,
    reaching.map(({ id }) => id.toLowerCase()),
    reaching,
  );
  const records = new Map(reaching.map((change, i) => [change, before[i] as RecordValues]));
  return changes.map((change) => {
    const record = records.get(change);
    if (!record) return change;
    const patch = Object.entries(change.patch).map(([name, value]) => [
      name,
      entity.fields.has(name) && isPlainObject(value) ? mergePatch(record[name], value) : value,
    ]);
    return { ...change, patch: Object.fromEntries(patch) };
  });
}
