import Type from "typebox";
import type { Context } from "../../context/context.js";
import { fileFolder } from "../../files/file-store.js";
import { defineJob, type JobDefinition } from "../../jobs/define-job.js";
import { defineSchedule } from "../../jobs/define-schedule.js";
import type { Session } from "../../runtime/session.js";
import { attachment } from "../entities/attachment.js";
import { TICKET_MS } from "../services/file-tickets.js";

const PAGE = 200;
/** A ticket is good for a day; an upload may take long before it has one. */
const LEAST_AGE = 2 * TICKET_MS;

/**
 * Removes files that no attachment has: uploads that nobody attached, and what a crash has left of purged records. Only
 * files of more than two days.
 *
 * @returns how many were looked at, and how many removed
 */
export async function sweepTenantFiles(ctx: Context): Promise<{ seen: number; removed: number }> {
  const { files } = (ctx as Session).runtime;
  const system = ctx.asSystem({ capability: "crm.files", reason: "sweep of files without a record" });
  const counts = { seen: 0, removed: 0 };
  const sweep = async (keys: readonly string[]) => {
    const kept = new Set<string>();
    const query = { where: { key: { in: keys } }, select: ["key"], withDeleted: true, limit: PAGE } as const;
    for (const { key } of (await system.repo(attachment).find(query)).items) kept.add(key);
    const orphans = keys.filter((key) => !kept.has(key));
    await files.remove(orphans, { signal: ctx.signal });
    counts.removed += orphans.length;
  };
  const before = ctx.clock.now() - LEAST_AGE;
  let page: string[] = [];
  for await (const { key, modifiedAt } of files.list(fileFolder(ctx.tenant), { signal: ctx.signal })) {
    counts.seen += 1;
    if (Date.parse(modifiedAt) > before) continue;
    page.push(key);
    if (page.length < PAGE) continue;
    await sweep(page);
    page = [];
  }
  if (page.length > 0) await sweep(page);
  return counts;
}

/** Files that no attachment has, once a night. */
export const sweepFiles: JobDefinition<Record<never, never>> = defineJob("crm.sweepFiles", {
  input: Type.Object({}),
  capability: "crm.files",
  timeout: 3_600_000,
  run: sweepTenantFiles,
});

export const nightlySweep = defineSchedule("crm.sweepFiles", {
  cron: "30 3 * * *",
  job: sweepFiles,
  input: {},
});
