import type { Context } from "../context/context.js";
import { importRejection, REJECTION_DAYS } from "../crm/entities/import-job.js";
import { toInstant } from "../util/clock.js";
import { csvLine } from "./csv-write.js";
import { neutralised } from "./formula.js";
import { booksOf, findJob } from "./import-jobs.js";
import { NOTES } from "./import-plan.js";

/** Rows of one read: each may be a megabyte. */
const PAGE = 50;

/**
 * The rows that were not taken as a CSV file: the line, the cells as they came, and the reason. Corrected, it can be
 * imported again: its first and last column are passed over. Rows are kept for 30 days.
 *
 * @throws not-found, before the first chunk
 */
export async function* importErrors(ctx: Context, id: string): AsyncGenerator<string> {
  const job = await findJob(ctx, id);
  const [row, reason] = NOTES as [string, string];
  const { header } = job;
  // Whether or not they have been cleared away by now.
  const since = toInstant(ctx.clock.now() - REJECTION_DAYS * 86_400_000);
  yield csvLine([row, ...header.map(neutralised), reason], ",");
  const rows = booksOf(ctx)
    .repo(importRejection)
    .stream({ where: { jobId: job.id, createdAt: { gte: since } }, orderBy: ["row"], limit: PAGE });
  for await (const rejected of rows) {
    const cells = JSON.parse(rejected.cells) as string[];
    const padded = header.map((_, i) => neutralised(cells[i] ?? ""));
    // A line that could not be taken apart stands in the first column, whole.
    yield csvLine([rejected.row, ...padded, neutralised(rejected.reason)], ",");
  }
}
