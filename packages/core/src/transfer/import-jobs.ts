import type { Actor, Context } from "../context/context.js";
import { type ImportJob, importJob } from "../crm/entities/import-job.js";
import { NotFound } from "../errors/core-errors.js";
import { isId } from "../repository/parse-condition.js";
import type { ImportOptions, ImportStatus } from "./import-options.js";
import { paceOf } from "./progress.js";

/** A job that has not moved for this long has lost its process, or its caller is that slow. */
export const STALE_MS = 60_000;

const BOOKS = "keep the books of an import";

/** The session in which jobs are kept: with the rights of the system, and also after the caller has hung up. */
export const booksOf = (ctx: Context): Context => ctx.asSystem({ capability: "core.import", reason: BOOKS });

export function startedBy(actor: Actor): string {
  if (actor.kind === "system") return `system:${actor.reason}`.slice(0, 200);
  return `${actor.kind}:${actor.kind === "public" ? actor.route : actor.id}`.slice(0, 200);
}

/** The caller's own job. @throws not-found, also for somebody else's */
export async function findJob(ctx: Context, id: string): Promise<ImportJob> {
  const mine = { id, startedBy: startedBy(ctx.actor) };
  const job = isId(id) ? await booksOf(ctx).repo(importJob).first({ where: mine }) : null;
  if (!job) throw NotFound({ entity: "import", id: id.slice(0, 64) });
  return job;
}

/** Whether the job's process is gone, or has been silent for so long that another may go on. */
export function isStale(ctx: Context, job: ImportJob): boolean {
  return job.state === "running" && ctx.clock.now() - Date.parse(job.updatedAt) >= STALE_MS;
}

/** What a job's writes are called in the journal. */
export const requestOf = (id: string): string => `import:${id}`;

export function statusOf(ctx: Context, job: ImportJob): ImportStatus {
  const { mode = "create", dryRun = false } = job.options as ImportOptions;
  const isOver = job.state !== "running";
  const last = Date.parse(isOver ? (job.finishedAt ?? job.updatedAt) : job.updatedAt);
  const rows = job.position - job.runFrom;
  const pace = paceOf({
    bytesRead: job.bytesRead,
    bytesTotal: job.bytesTotal,
    elapsed: job.runAt === null ? 0 : last - Date.parse(job.runAt),
    rows,
    // A resumed run passes over what is done at another pace.
    bytes: job.runFrom === 0 ? job.bytesRead : 0,
    isOver: job.finishedAt !== null,
  });
  return {
    id: job.id,
    entity: job.target,
    state: isStale(ctx, job) ? "interrupted" : job.state,
    mode,
    dryRun,
    done: job.position,
    accepted: job.accepted,
    rejected: job.rejected,
    skipped: job.skipped,
    matched: job.matched,
    reverted: job.reverted,
    kept: job.kept,
    ...pace,
    problem: job.problem,
    startedAt: job.createdAt,
    finishedAt: job.finishedAt,
  };
}

/** Where the caller's import stands. @throws not-found */
export async function importStatus(ctx: Context, id: string): Promise<ImportStatus> {
  return statusOf(ctx, await findJob(ctx, id));
}

/** The caller's imports, newest first. */
export async function listImports(
  ctx: Context,
  page: { readonly limit?: number; readonly after?: string | null } = {},
): Promise<{ items: ImportStatus[]; next: string | null }> {
  const { items, next } = await booksOf(ctx)
    .repo(importJob)
    .find({ where: { startedBy: startedBy(ctx.actor) }, orderBy: ["-id"], ...page });
  return { items: items.map((job) => statusOf(ctx, job)), next };
}
