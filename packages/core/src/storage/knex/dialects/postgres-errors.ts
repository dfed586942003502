import { connectionFailure } from "./connection-errors.js";
import type { Failure } from "./dialect.js";

export function classifyPostgres(error: unknown): Failure | undefined {
  const { code, constraint, message } = error as { code?: unknown; constraint?: unknown; message?: unknown };
  const reason = String(message);
  if (typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code)) return connectionFailure(error);
  switch (code) {
    case "23505":
      return { kind: "unique", ...(typeof constraint === "string" ? { index: constraint } : {}) };
    case "23503":
    case "23001":
    // A table that others refer to was to be dropped.
    case "2BP01":
      return { kind: "reference", ...(typeof constraint === "string" ? { constraint } : {}) };
    case "40001":
    case "40P01":
    case "55P03":
      return { kind: "conflict", reason };
    case "0A000":
      // The schema was changed by another process; this connection makes its statements anew.
      return isStalePlan(error) ? { kind: "conflict", reason: "the schema has changed" } : undefined;
    case "53100":
      return { kind: "full", reason };
    case "57014":
    case "25P03":
    case "3D000":
      return { kind: "unavailable", reason };
    default:
      return /^(08|28|53|57P|58)/.test(code) ? { kind: "unavailable", reason } : undefined;
  }
}

export function isStalePlan(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === "0A000" && String(message).includes("cached plan");
}

/** The statement was ended: it took longer than it may, or somebody asked for it. */
export const isEnded = (error: unknown): boolean =>
  (error as { code?: unknown } | undefined)?.code === "57014";
