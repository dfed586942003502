import type { Failure } from "./dialect.js";

const codes: Readonly<Record<string, number>> = {
  SQLITE_BUSY: 5,
  SQLITE_LOCKED: 6,
  SQLITE_READONLY: 8,
  SQLITE_IOERR: 10,
  SQLITE_CORRUPT: 11,
  SQLITE_FULL: 13,
  SQLITE_CANTOPEN: 14,
  SQLITE_NOTADB: 26,
  SQLITE_CONSTRAINT_FOREIGNKEY: 787,
  SQLITE_CONSTRAINT_PRIMARYKEY: 1555,
  SQLITE_CONSTRAINT_TRIGGER: 1811,
  SQLITE_CONSTRAINT_UNIQUE: 2067,
};

/** The extended result code, which drivers tell as a number or as a name. */
function codeOf(error: unknown): number {
  const { errcode, code } = error as { errcode?: unknown; code?: unknown };
  if (typeof errcode === "number") return errcode;
  if (typeof code !== "string") return 0;
  const base = code.split("_").slice(0, 2).join("_");
  return codes[code] ?? codes[base] ?? 0;
}

export function isBusy(error: unknown): boolean {
  const code = codeOf(error) & 0xff;
  return code === 5 || code === 6;
}

export function isOverflow(error: unknown): boolean {
  return error instanceof Error && error.message.includes("integer overflow");
}

export function classifySqlite(error: unknown): Failure | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const code = codeOf(error);
  const reason = error instanceof Error ? error.message : "unknown";
  if (code === 2067 || code === 1555) return { kind: "unique", columns: columnsIn(reason) };
  // RESTRICT reports itself as a trigger.
  if (code === 787 || (code === 1811 && reason.includes("FOREIGN KEY"))) return { kind: "reference" };
  switch (code & 0xff) {
    case 5:
    case 6:
      return { kind: "conflict", reason: "another process kept the database locked" };
    case 13:
      return { kind: "full", reason };
    case 8:
    case 10:
    case 11:
    case 14:
    case 26:
      return { kind: "unavailable", reason };
    default:
      return /database (connection )?is not open|has been closed/.test(reason)
        ? { kind: "unavailable", reason: "the storage is closed" }
        : undefined;
  }
}

/** From `UNIQUE constraint failed: lead.tenant_id, lead.email`. */
function columnsIn(message: string): string[] {
  const list = message.slice(message.indexOf(":") + 1);
  return list.split(",").map((part) => part.slice(part.indexOf(".") + 1).trim());
}
