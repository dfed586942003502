import { TenantCrossed, TenantUnbound } from "../../errors/storage-errors.js";
import type { Reach, StoredRow } from "../adapter.js";
import type { TableInfo } from "./catalog.js";
import type { Call } from "./statement.js";

/** What was found about tenants when a statement was compiled. */
export interface TenantGuard {
  /** For each tenant's table in it: the positions of values of which one must be the tenant. */
  readonly held: readonly (readonly number[])[];
  /** The first table whose rows are not held to a tenant. */
  readonly open: TableInfo | undefined;
}

/** How one condition holds rows to a tenant. */
export interface Hold {
  /** Positions of the tenants that every row must have. */
  readonly slots: number[];
  /** No row satisfies the condition, whosever it is. */
  isEmpty: boolean;
}

/** Takes notes while a statement is compiled. */
export class TenantNotes {
  private readonly held: (readonly number[])[] = [];
  private open: TableInfo | undefined;
  private isNoted = false;

  /** Rows of a tenant's table are read or changed. */
  table(table: TableInfo, { slots, isEmpty }: Hold): void {
    this.isNoted = true;
    if (slots.length > 0) this.held.push(slots);
    else if (!isEmpty) this.open ??= table;
  }

  /** Undefined where no tenant's table is touched. */
  get guard(): TenantGuard | undefined {
    return this.isNoted ? { held: this.held, open: this.open } : undefined;
  }
}

/** @throws tenant-unbound, tenant-crossed */
export function admitCall({ statement, values }: Call, reach: Reach | undefined): void {
  const { guard, operation, table } = statement;
  if (guard === undefined) return;
  if (reach === undefined) throw TenantUnbound({ operation, table });
  if ("acrossTenants" in reach) return;
  if (guard.open !== undefined) {
    const { name, table: open } = guard.open;
    const problem = `not every row of "${name}" is held to the tenant; "and" a condition { op: "eq", column: "${open.tenant}" } to it`;
    throw TenantCrossed({ operation, table, problem });
  }
  for (const slots of guard.held) {
    // A second condition can only take rows away.
    if (!slots.some((slot) => values[slot] === reach.tenant))
      throw TenantCrossed({ operation, table, problem: "it names another tenant" });
  }
}

/** Rows to be inserted, or a patch. @throws tenant-unbound, tenant-crossed */
export function admitRows(
  { name, table }: TableInfo,
  operation: string,
  rows: readonly StoredRow[],
  reach: Reach | undefined,
): void {
  const { tenant } = table;
  if (tenant === undefined) return;
  if (reach === undefined) throw TenantUnbound({ operation, table: name });
  if ("acrossTenants" in reach) return;
  for (const row of rows) {
    if (row[tenant] === reach.tenant) continue;
    const problem =
      row[tenant] === undefined ? `a row has no "${tenant}"` : `it writes another tenant into "${tenant}"`;
    throw TenantCrossed({ operation, table: name, problem });
  }
}

/** An upsert must not take another tenant's row for the one that it means. @throws tenant-crossed */
export function admitKey({ name, table }: TableInfo, on: readonly string[], reach: Reach | undefined): void {
  const { tenant } = table;
  if (tenant === undefined || reach === undefined || "acrossTenants" in reach || on.includes(tenant)) return;
  const problem = `its key lacks "${tenant}", and a row of another tenant may have the same`;
  throw TenantCrossed({ operation: "upsert into", table: name, problem });
}

export function checkReach(reach: Reach): Reach {
  const word = "tenant" in reach ? reach.tenant : reach.acrossTenants;
  if (typeof word !== "string" || word === "") {
    throw new TypeError("forTenant() takes the tenant, and acrossTenants() a reason: text that is not empty");
  }
  return reach;
}
