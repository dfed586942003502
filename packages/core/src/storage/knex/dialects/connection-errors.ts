import type { Failure } from "./dialect.js";

const codes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "ENOENT",
  "EACCES",
  "PROTOCOL_CONNECTION_LOST",
  "PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR",
]);

const texts =
  /Connection terminated|connection error and is not queryable|Client was closed|closed state|Connection lost|Connection ended|unable to acquire a connection|aborted|password must be a string|SSL/i;

/** A failure of the connection itself, as drivers and Node.js tell it. */
export function connectionFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  // Node.js tries several addresses of one host.
  if (error instanceof AggregateError) return connectionFailure(error.errors[0]);
  const lost = (typeof code === "string" && codes.has(code)) || texts.test(error.message);
  return lost ? { kind: "unavailable", reason: error.message } : undefined;
}
