import { JOB_TABLE } from "../migrations/job-table.js";
import type { Subject } from "../privacy/define-personal-data.js";
import type { Session } from "../runtime/session.js";
import type { Patch, StoredRow } from "../storage/adapter.js";
import { and, type Filter, not, or } from "../storage/filter.js";
import { mentionTest } from "./belongs.js";
import { ofTenant, PAGE } from "./rows.js";

const TABLE = JOB_TABLE.name;
const ERASING = "crm.erasePerson";
const is = (column: string, value: unknown): Filter => ({ op: "eq", column, value: value as string });
const there = (column: string): Filter => ({ op: "null", column, is: false });

export interface ErasedJobs {
  /** Jobs that lost what they were given, or what was said of their failure. */
  readonly cleared: number;
  /** Those among them that will not run any more. */
  readonly cancelled: number;
  /** Where the next page begins; null where there is none. */
  readonly next: string | null;
}

/**
 * One page of the tenant's jobs: of those that were given an address of the person, or failed with one in their error, it is
 * taken away. What had still to run is cancelled, since there is nothing left for it to be about; what runs ends, and is not
 * tried again.
 */
export async function eraseJobs(
  tx: Session,
  subject: Subject,
  after: string | undefined,
): Promise<ErasedJobs> {
  const isMentioned = mentionTest(subject);
  const rows = await tx.operations().findMany({
    table: TABLE,
    columns: ["id", "state", "input", "error"],
    // What erases keeps what it is told: it would not be taken up again, where it is killed. It is cleared as it is done.
    where: and(ofTenant(tx), not(is("name", ERASING)), or(there("input"), there("error"))),
    orderBy: [{ column: "id", direction: "asc" }],
    limit: PAGE,
    ...(after === undefined ? {} : { after: [after] }),
  });
  const found = rows.filter((row) => isMentioned(row["input"]) || isMentioned(row["error"]));
  let cancelled = 0;
  for (const row of found) {
    const hadInput = isMentioned(row["input"]);
    const ends = hadInput && ["blocked", "delayed", "ready"].includes(row["state"] as string);
    const patch: Patch = {
      ...(hadInput ? { input: null } : {}),
      ...(isMentioned(row["error"]) ? { error: "[erased]" } : {}),
      ...(ends ? { state: "cancelled", seat: null, finished_at: tx.now(), expires_at: tx.now() } : {}),
    };
    const { count } = await tx.operations().updateWhere(TABLE, and(ofTenant(tx), same(row)), patch);
    // A worker has moved it on: the page is looked at again, with the erasure's next attempt.
    if (count === 0) return eraseJobs(tx, subject, after);
    if (ends) cancelled += 1;
  }
  const last = rows[rows.length - 1]?.["id"] as string | undefined;
  return { cleared: found.length, cancelled, next: rows.length === PAGE ? (last as string) : null };
}

const same = (row: StoredRow): Filter => and(is("id", row["id"]), is("state", row["state"]));
