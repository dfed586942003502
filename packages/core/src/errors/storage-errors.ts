import { defineError } from "./define-error.js";

/** Callers know entities and fields, and not how those are stored: `price_book` is `priceBook` to them. */
const nameOf = (stored: string): string => stored.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
/** Columns of core that are part of every unique key. */
const OWN_COLUMNS = new Set(["tenant_id", "live"]);

function keyOf(columns: readonly string[] | undefined): string {
  const names = (columns ?? []).filter((column) => !OWN_COLUMNS.has(column)).map(nameOf);
  return names.length > 0 ? names.join(", ") : "key";
}

/** `seal.boxId`, as core names what refers to a record; databases name constraints otherwise. */
const isField = (constraint: string): boolean => /^\w+\.\w+$/.test(constraint);

export const UniqueViolation = defineError<{ table: string; index?: string; columns?: readonly string[] }>(
  "unique-violation",
  {
    status: 409,
    title: "A record with this key already exists",
    detail: ({ table, columns }) =>
      `Another ${nameOf(table)} already has the same ${keyOf(columns)}. Change the value, or update that record instead.`,
  },
);

export const ReferenceViolation = defineError<{ table: string; constraint?: string }>("reference-violation", {
  status: 409,
  title: "A reference would be broken",
  detail: ({ table, constraint = "" }) =>
    `The change of "${nameOf(table)}" would leave a reference without its record${isField(constraint) ? ` (${constraint})` : ""}. Remove or re-point the records that refer to it first.`,
});

export const TransactionConflict = defineError<{ reason: string }>("transaction-conflict", {
  status: 409,
  title: "Two transactions collided",
  // The reason is in the words of the database, which may name tables: it is in `meta`.
  detail: () =>
    "The database rolled this transaction back, since it collided with another one. Run it again.",
});

export const StorageUnavailable = defineError<{ reason: string }>("storage-unavailable", {
  status: 503,
  title: "The database does not answer",
  detail: ({ reason }) =>
    `The database does not answer: ${reason}. Check DATABASE_URL and that the server runs.`,
});

export const StorageFull = defineError<{ reason: string }>("storage-full", {
  status: 507,
  title: "The database is full",
  detail: ({ reason }) => `The database cannot store more: ${reason}. Nothing was changed.`,
});

export const StorageFailure = defineError<{ operation: string; table: string }>("storage-failure", {
  status: 500,
  title: "The database refused a statement",
  detail: ({ operation, table }) =>
    `The database refused to ${operation} "${table}". The cause has the details.`,
});

export const DriverMissing = defineError<{ engine: string; tried: readonly string[]; install: string }>(
  "driver-missing",
  {
    status: 500,
    title: "No database driver is installed",
    detail: ({ engine, tried, install }) =>
      `No driver for ${engine} was found (looked for ${tried.join(", ")}). Run: ${install}`,
  },
);

export const TenantUnbound = defineError<{ operation: string; table: string }>("tenant-unbound", {
  status: 500,
  title: "A statement names no tenant",
  detail: ({ operation, table }) =>
    `The rows of "${table}" belong to tenants, and a statement to ${operation} it came without one. Use a session, storage.forTenant(tenant), or storage.acrossTenants(reason) for upkeep of all tenants.`,
});

export const TenantCrossed = defineError<{ operation: string; table: string; problem: string }>(
  "tenant-crossed",
  {
    status: 500,
    title: "A statement reaches beyond its tenant",
    detail: ({ operation, table, problem }) =>
      `A statement to ${operation} "${table}" was not run: ${problem}. Nothing was read or changed.`,
  },
);

export const RowSecurityBypassed = defineError<{ role: string }>("row-security-bypassed", {
  status: 500,
  title: "The database role is above row-level security",
  detail: ({ role }) =>
    `knexStorage has rowLevelSecurity, and the role "${role}" is a superuser or has BYPASSRLS: the server would not hold it to any tenant. Connect with another role; it may own the tables.`,
});
