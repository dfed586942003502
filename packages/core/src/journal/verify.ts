import { JOURNAL_TABLE } from "../migrations/journal-tables.js";
import type { CrmHandle } from "../plugin/crm-handle.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
import { and } from "../storage/filter.js";
import { digestOf, ENTRY_COLUMNS, genesis, sealOf } from "./entry.js";
import { type AuditHead, isOurHead } from "./head.js";
import { type Head, headOf, tenantIs } from "./read.js";

const BATCH = 500;

export interface AuditOptions {
  readonly tenant: string;
  /** Those that were taken before and kept elsewhere. */
  readonly heads?: readonly AuditHead[];
  readonly signal?: AbortSignal;
}

export interface AuditReport {
  readonly tenant: string;
  /** Entries found in order. */
  readonly entries: number;
  /** Those of them whose values were erased, by an entry that says so. */
  readonly erased: number;
  readonly head: Head;
  /** The first place where the trail is not as it was written; null where it is. */
  readonly broken: { readonly position: number; readonly problem: string } | null;
}

/**
 * Walks the journal of a tenant from its beginning: positions without a gap, every entry sealed by what it says and by
 * the one before it, values as their digests. Memory stays flat. It finds what was changed, removed, moved or put in
 * between, and what lies beyond the end; that the end was cut off together with the head, or that all of it was written
 * anew, only a head that was kept elsewhere shows.
 */
export async function verifyAudit(crm: CrmHandle, options: AuditOptions): Promise<AuditReport> {
  const { tenant, heads = [], signal } = options;
  const session = crm.system({
    tenant,
    capability: "core.journal",
    reason: "verify the audit trail",
  }) as Session;
  const head = await headOf(session);
  const report = { tenant, entries: 0, erased: 0, head };
  const broken = (position: number, problem: string): AuditReport => ({
    ...report,
    broken: { position, problem },
  });
  if (heads.some((kept) => kept.tenant !== tenant || !isOurHead(session, kept)))
    return broken(0, "a head that was given was not signed by this app for this tenant");
  const kept = new Map(heads.map(({ position, hash: seal }) => [position, seal]));
  if (heads.some(({ position, hash: seal }) => kept.get(position) !== seal))
    return broken(0, "two of the given heads say different things of one position");
  let hash = genesis(tenant);
  while (report.entries < head.position) {
    signal?.throwIfAborted();
    const rows = await page(session, report.entries, head.position);
    const erasures = await erasuresOf(session, rows);
    for (const row of rows) {
      const expected = report.entries + 1;
      if (row["position"] !== expected)
        return row["position"] === report.entries
          ? broken(report.entries, "two entries have this position")
          : broken(expected, "the entry is missing");
      hash = sealOf(hash, row);
      if (row["hash"] !== hash)
        return broken(expected, "the entry is not as it was sealed, or what it follows on is another one");
      const problem = valuesProblem(row, erasures);
      if (problem) return broken(expected, problem);
      if ((kept.get(expected) ?? hash) !== hash)
        return broken(expected, "the chain is not the one whose head was kept");
      report.entries = expected;
      if (row["erased"] != null) report.erased += 1;
    }
    if (rows.length === 0) return broken(report.entries + 1, "the entry is missing");
  }
  if (hash !== head.hash) return broken(head.position, "the head is not the seal of the last entry");
  const [last] = await lastOf(session);
  if (last && (last["position"] as number) > head.position)
    return broken(last["position"] as number, "the entry lies beyond the end of the trail");
  const twice = await page(session, head.position - 1, head.position);
  if (twice.length > 1) return broken(head.position, "two entries have this position");
  const cut = Math.max(0, ...kept.keys());
  if (cut > head.position)
    return broken(head.position + 1, "the entry is missing, though a head that was kept has it");
  return { ...report, broken: null };
}

async function page(session: Session, after: number, last: number): Promise<StoredRow[]> {
  return session.operations().findMany({
    table: JOURNAL_TABLE.name,
    columns: ENTRY_COLUMNS,
    where: and(
      tenantIs(session.tenant),
      { op: "gt", column: "position", value: after },
      { op: "lte", column: "position", value: last },
    ),
    orderBy: [
      { column: "position", direction: "asc" },
      { column: "id", direction: "asc" },
    ],
    limit: BATCH,
  });
}

async function lastOf(session: Session): Promise<StoredRow[]> {
  return session.operations().findMany({
    table: JOURNAL_TABLE.name,
    columns: ["position"],
    where: tenantIs(session.tenant),
    orderBy: [
      { column: "position", direction: "desc" },
      { column: "id", direction: "desc" },
    ],
    limit: 1,
  });
}

/** The entries that say that values of a page were erased. They stand in the same chain, and are verified there. */
async function erasuresOf(session: Session, rows: readonly StoredRow[]): Promise<Map<unknown, StoredRow>> {
  const ids = new Set(rows.flatMap((row) => (row["erased"] == null ? [] : [row["erased"] as string])));
  if (ids.size === 0) return new Map();
  const found = await session.operations().findMany({
    table: JOURNAL_TABLE.name,
    columns: ["id", "position", "operation", "entity", "record", "changes"],
    where: and(tenantIs(session.tenant), { op: "in", column: "id", values: [...ids] }),
    orderBy: [],
    limit: ids.size,
  });
  return new Map(found.map((row) => [row["id"], { ...row, left: leftBy(row) }]));
}

/** What an erasure says that it left: a digest by the id of each entry. */
function leftBy(erasure: StoredRow): Readonly<Record<string, unknown>> {
  try {
    const left: unknown = JSON.parse((erasure["changes"] as string | null) ?? "null");
    return typeof left === "object" && left !== null ? (left as Record<string, unknown>) : {};
  } catch {
    // It is not as it was sealed, which is found when the walk comes to it.
    return {};
  }
}

function valuesProblem(row: StoredRow, erasures: ReadonlyMap<unknown, StoredRow>): string | undefined {
  const digest = digestOf(row["changes"] as string | null);
  if (row["erased"] == null)
    return digest === row["digest"]
      ? undefined
      : "the values are not those that were written, and no entry says that they were erased";
  const erasure = erasures.get(row["erased"]);
  const valid =
    erasure?.["operation"] === "erase" &&
    (erasure["position"] as number) > (row["position"] as number) &&
    erasure["entity"] === row["entity"] &&
    erasure["record"] === row["record"];
  if (!valid) return "the values are said to be erased, but no entry says so";
  const left = (erasure["left"] as Readonly<Record<string, unknown>>)[row["id"] as string];
  return left === digest ? undefined : "the values are not those that the erasure has left";
}
