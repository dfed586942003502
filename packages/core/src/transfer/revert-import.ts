import type { Context } from "../context/context.js";
import type { Repository } from "../context/repository.js";
import { type ImportJob, type ImportJobInput, importJob } from "../crm/entities/import-job.js";
import { VersionConflict } from "../errors/core-errors.js";
import { ENTRY_COLUMNS, readEntry } from "../journal/entry.js";
import { JOURNAL_TABLE } from "../migrations/journal-tables.js";
import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Session } from "../runtime/session.js";
import { always, and, type Filter } from "../storage/filter.js";
import { ImportNotRevertible, ImportTakenOver } from "./errors.js";
import { booksOf, findJob, isStale, requestOf, statusOf } from "./import-jobs.js";
import type { ImportOptions, ImportStatus } from "./import-options.js";

const PAGE = 200;

/** One write of the import. */
interface Write {
  /** Of the journal. */
  readonly entry: string;
  readonly record: string;
  readonly operation: "create" | "update";
  /** That it left. */
  readonly version: number;
  /** Values before, by field; undefined where the journal does not hold them. */
  readonly before: RecordValues | undefined;
}

/**
 * Takes a whole import back, last change first: records that it made go into the recycle bin, records that it changed get
 * their values back. What somebody has changed since stays as it is, and is counted. In batches, as the actor of `ctx`,
 * through hooks and rules; a run that dies is gone on with by the next call.
 *
 * @throws not-found, import-not-revertible; forbidden where the actor may not delete or change the records
 */
export async function revertImport(ctx: Context, id: string): Promise<ImportStatus> {
  const session = ctx as Session;
  let job = await findJob(session, id);
  const { dryRun = false } = job.options as ImportOptions;
  const model = session.entity(job.target);
  if (dryRun) throw ImportNotRevertible({ id, reason: "was a dry run, and has written nothing" });
  if (!model.journal)
    throw ImportNotRevertible({ id, reason: `wrote ${job.target} records, which have no history` });
  if (job.state === "reverted") return statusOf(session, job);
  if (job.state === "running" && !isStale(session, job))
    throw ImportNotRevertible({ id, reason: "is still running" });
  const origin = { source: "revert", reference: job.id, ...session.origin };
  if (job.state !== "reverting") job = await note(session, job, { state: "reverting" });
  for (;;) {
    session.signal?.throwIfAborted();
    const page = await writesOf(session, job);
    const last = page[page.length - 1];
    if (!last) break;
    const current = job;
    job = await session.from(origin).atomically(async (tx) => {
      const { reverted, kept } = await takeBack(tx, model, current, page);
      return note(tx, current, {
        reverted: current.reverted + reverted,
        kept: current.kept + kept,
        revertedTo: last.entry,
      });
    });
  }
  return statusOf(session, await note(session, job, { state: "reverted", finishedAt: session.now() }));
}

async function note(session: Session, job: ImportJob, patch: Partial<ImportJobInput>): Promise<ImportJob> {
  const { id, version } = job;
  try {
    return await booksOf(session).repo(importJob).update(id, patch, { version });
  } catch (error) {
    throw VersionConflict.is(error) ? ImportTakenOver({ id }, { cause: error }) : error;
  }
}

/** The next page of what the import wrote, last first; or all that it wrote to some records. */
async function writesOf(
  session: Session,
  { id, target, revertedTo }: ImportJob,
  records?: readonly string[],
): Promise<Write[]> {
  const equal = (column: string, value: string): Filter => ({ op: "eq", column, value });
  const those: Filter =
    records === undefined
      ? // Ids of entries grow with time: an import's are after its job's.
        and({ op: "gt", column: "id", value: id }, before(revertedTo))
      : { op: "in", column: "record", values: records };
  const rows = await session.operations().findMany({
    table: JOURNAL_TABLE.name,
    columns: ENTRY_COLUMNS,
    where: and(
      equal("tenant_id", session.tenant),
      those,
      equal("request_id", requestOf(id)),
      equal("entity", target),
      { op: "in", column: "operation", values: ["create", "update"] },
    ),
    orderBy: [{ column: "id", direction: "desc" }],
    limit: records === undefined ? PAGE : MOST_WRITES,
  });
  return rows.map((row): Write => {
    const entry = readEntry(row);
    const values = Object.entries(entry.changes ?? {}).map(([name, [value]]) => [name, value] as const);
    return {
      entry: entry.id,
      record: entry.record as string,
      operation: entry.operation as Write["operation"],
      version: entry.version as number,
      before: entry.changes === null || entry.erased ? undefined : Object.fromEntries(values),
    };
  });
}

/** Writes to the records of one page: hooks may write a record again. */
const MOST_WRITES = PAGE * 20;

const before = (entry: string | null): Filter =>
  entry === null ? always : { op: "lt", column: "id", value: entry };

/**
 * Takes back what was done to the records of a page, as far as nobody has touched them since: each record with its last
 * write, and with all of them together.
 */
async function takeBack(
  tx: Session,
  model: EntityModel,
  job: ImportJob,
  page: readonly Write[],
): Promise<{ reverted: number; kept: number }> {
  const repository = tx.repoOf(model.name) as Repository<RecordValues, RecordValues>;
  const ids = [...new Set(page.map(({ record }) => record))];
  const all = new Map<string, Write[]>();
  for (const write of await writesOf(tx, job, ids))
    all.set(write.record, [...(all.get(write.record) ?? []), write]);
  // A record whose last write came before this page is dealt with.
  const entries = new Set(page.map(({ entry }) => entry));
  const due = [...all.values()].filter(([latest]) => latest && entries.has(latest.entry));
  const query = { where: { id: { in: ids } }, select: ["id", "version"], limit: PAGE };
  const { items } = await repository.find(query as never);
  const versions = new Map((items as RecordValues[]).map((row) => [row["id"], row["version"]]));
  const untouched = due.filter(([latest]) => versions.get(latest?.record) === latest?.version);
  const made = untouched.filter((writes) => writes.some(({ operation }) => operation === "create"));
  const changed = untouched
    .filter((writes) => !made.includes(writes))
    .flatMap((writes) => {
      const patch = mergedBefore(model, writes);
      return patch ? [{ id: writes[0]?.record as string, version: writes[0]?.version as number, patch }] : [];
    });
  await repository.deleteMany(
    made.map(([latest]) => ({ id: latest?.record as string, version: latest?.version as number })),
  );
  await repository.updateMany(changed);
  const reverted = made.length + changed.length;
  return { reverted, kept: due.length - reverted };
}

/** The values before the first of some writes, last first; undefined where the journal does not have them all. */
function mergedBefore(model: EntityModel, writes: readonly Write[]): RecordValues | undefined {
  const merged: RecordValues = {};
  for (const write of writes) {
    if (write.before === undefined) return undefined;
    Object.assign(merged, write.before);
  }
  const names = Object.keys(merged);
  return names.every((name) => model.writable.has(name)) ? merged : undefined;
}
