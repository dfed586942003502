import { hash } from "node:crypto";
import type { Actor } from "../context/context.js";
import type { Session } from "../runtime/session.js";
import type { RawQuery } from "./read.js";

/**
 * A digest of what a cursor is good for: this tenant, this actor, this entity in this order, these conditions. What
 * may differ from page to page (limit, fields, includes) is left out.
 */
export function queryIdentity(session: Session, sortKey: string, query: RawQuery, asOf?: string): string {
  const { tenant, actor } = session;
  const { where = null, search = null, withDeleted = false } = query;
  const parts = [tenant, actorKey(actor), sortKey, canonical(where), search, withDeleted, asOf];
  return hash("sha256", JSON.stringify(parts), "base64url");
}

/** Conditions in a form that does not depend on the order in which they were written. */
function canonical(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.keys(value)
    .sort()
    .map((name) => {
      const part = canonical((value as Record<string, unknown>)[name]);
      const unordered = (name === "and" || name === "or") && Array.isArray(part);
      return [name, unordered ? part.map((each) => JSON.stringify(each)).sort() : part];
    });
}

/** Tells actors apart within a tenant. */
export function actorKey(actor: Actor): string {
  return "id" in actor ? `${actor.kind}:${actor.id}` : actor.kind;
}
