import type { Context, JobState } from "@corm/core";
import { type WebhookDelivery, webhookDelivery } from "../entities/webhook-endpoint.js";
import { MAX_LOG } from "./send-delivery.js";

const ALIVE: ReadonlySet<JobState> = new Set(["blocked", "delayed", "ready", "running"]);

type Waiting = Pick<WebhookDelivery, "state" | "jobId">;

/** Of deliveries those that are said to wait, and that no job will send any more. One read. */
export async function abandoned<D extends Waiting>(books: Context, deliveries: readonly D[]): Promise<D[]> {
  const waiting = deliveries.filter(({ state, jobId }) => state === "pending" && jobId !== null);
  if (waiting.length === 0) return [];
  const ids = waiting.map(({ jobId }) => jobId as string);
  const { items } = await books.jobs.list({ ids, limit: ids.length });
  const alive = new Set(items.filter(({ state }) => ALIVE.has(state)).map(({ id }) => id));
  return waiting.filter(({ jobId }) => !alive.has(jobId as string));
}

/**
 * Lets deliveries end with their jobs: of one that has died they have failed, and say why.
 *
 * @throws version-conflict where somebody sends one of them again at this moment
 */
export async function endWithJobs(
  books: Context,
  jobs: readonly { readonly id: string; readonly error: string | null }[],
  state: "failed" | "cancelled",
): Promise<void> {
  const errors = new Map(jobs.map(({ id, error }) => [id, error]));
  if (errors.size === 0) return;
  const { items } = await books.repo(webhookDelivery).find({
    where: { jobId: { in: [...errors.keys()] }, state: "pending" },
    select: ["id", "version", "jobId", "log"],
    limit: errors.size,
  });
  const at = books.now();
  await books.repo(webhookDelivery).updateMany(
    items.map(({ id, version, jobId, log }) => {
      const why = errors.get(jobId as string) ?? "no word of it";
      const error = state === "failed" ? `its job has died: ${why}`.slice(0, 300) : "its job was cancelled";
      return { id, version, patch: { state, log: [...log, { at, status: null, error }].slice(-MAX_LOG) } };
    }),
  );
}
