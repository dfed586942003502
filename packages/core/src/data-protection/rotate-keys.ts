import {
  DATA_KEY_TABLE,
  type DataKey,
  listDataKeys,
  newDataKey,
  wrapContext,
} from "../encryption/data-keys.js";
import { sealedPrefix } from "../encryption/envelope.js";
import type { Vault } from "../encryption/vault.js";
import type { Runtime } from "../runtime/runtime.js";
import { and, type Filter } from "../storage/filter.js";
import { resealEntity } from "./reseal.js";

export interface RotationProgress {
  readonly tenant: string;
  readonly entity: string;
  /** Records of the entity encrypted anew in this run. */
  readonly done: number;
}

export interface RotationOptions {
  /** Default: every tenant that has keys. */
  readonly tenants?: readonly string[];
  /**
   * `data` (default) gives each tenant a new data key and encrypts its records anew; `wrapping` only wraps the data keys
   * by the provider's current key, which is quick, and enough where a key of the provider is to be taken away.
   */
  readonly what?: "data" | "wrapping";
  /**
   * What becomes of the values that the journal holds under the old data keys: `keep` (default) keeps those keys for
   * reading history, wrapped anew; `forget` destroys them, and with them what encrypted fields held in the past: merges of
   * that time that moved such values can no longer be taken back.
   */
  readonly history?: "keep" | "forget";
  /** Records of one statement. Default 200. */
  readonly batch?: number;
  /** Stops between two batches; what is done stays done. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RotationProgress) => void;
}

export interface RotationReport {
  readonly tenants: number;
  /** Keys that the provider's current key wraps now, and another one did before. */
  readonly rewrapped: number;
  /** Records encrypted anew. */
  readonly resealed: number;
  /** Data keys that no record needs any more: kept for history, or destroyed. */
  readonly retired: number;
}

/**
 * Replaces keys while the app runs. A run that was stopped or killed is taken up by the next one: it finds what is left
 * in the data itself. Afterwards the provider's keys before the current one are not needed, and no record needs the old
 * data keys.
 */
export async function rotateKeys(
  crm: { readonly runtime: Runtime },
  options: RotationOptions = {},
): Promise<RotationReport> {
  const { runtime } = crm;
  const report = { tenants: 0, rewrapped: 0, resealed: 0, retired: 0 };
  const { vault } = runtime;
  if (!vault) return report;
  for await (const tenant of tenantsOf(runtime, options.tenants)) {
    options.signal?.throwIfAborted();
    report.rewrapped += await rewrap(runtime, vault, tenant);
    if (options.what !== "wrapping") {
      await beginRotation(runtime, vault, tenant);
      const { resealed, retired } = await drain(runtime, vault, tenant, options);
      report.resealed += resealed;
      report.retired += retired;
    }
    report.tenants += 1;
  }
  return report;
}

const ofTenant = (tenant: string): Filter => ({ op: "eq", column: "tenant_id", value: tenant });
const byId = (id: string): Filter => ({ op: "eq", column: "id", value: id });

async function* tenantsOf(runtime: Runtime, given: readonly string[] | undefined): AsyncGenerator<string> {
  if (given) {
    yield* given;
    return;
  }
  let last = "";
  for (;;) {
    const rows = await runtime.storage.acrossTenants("rotate the keys of all tenants").aggregate({
      table: DATA_KEY_TABLE.name,
      where: { op: "gt", column: "tenant_id", value: last },
      groupBy: [{ as: "tenant_id", column: "tenant_id" }],
      measures: [{ as: "n", fn: "count" }],
      orderBy: [{ column: "tenant_id", direction: "asc" }],
      limit: 500,
    });
    for (const row of rows) yield row["tenant_id"] as string;
    if (rows.length < 500) return;
    last = rows[rows.length - 1]?.["tenant_id"] as string;
  }
}

async function rewrap(runtime: Runtime, vault: Vault, tenant: string): Promise<number> {
  const { provider } = vault;
  let count = 0;
  for (const key of await listDataKeys(runtime.storage.forTenant(tenant), tenant)) {
    if (key.wrappedBy === provider.current) continue;
    const context = wrapContext(tenant, key.purpose, key.id);
    const opened = await provider.unwrap({ by: key.wrappedBy, text: key.wrapped }, context);
    const wrapped = await provider.wrap(opened, context);
    const unchanged: Filter = { op: "eq", column: "wrapped_by", value: key.wrappedBy };
    const result = await runtime.storage
      .forTenant(tenant)
      .updateWhere(DATA_KEY_TABLE.name, and(ofTenant(tenant), byId(key.id), unchanged), {
        wrapped_by: wrapped.by,
        wrapped: wrapped.text,
      });
    count += result.count;
  }
  return count;
}

/** Switches to a new data key, unless an earlier rotation still has an old one to drain. */
async function beginRotation(runtime: Runtime, vault: Vault, tenant: string): Promise<void> {
  const fresh = await newDataKey(vault.provider, tenant, "data", runtime.clock.now(), vault.random);
  await runtime.storage.forTenant(tenant).transaction(async (tx) => {
    // Waits for the transactions that encrypt with the old key, and makes later ones see the new one.
    const keys = dataKeys(await listDataKeys(tx, tenant, "update"));
    const active = keys.find((key) => key.active);
    if (!active || keys.some((key) => !key.active)) return;
    await tx.updateWhere(DATA_KEY_TABLE.name, and(ofTenant(tenant), byId(active.id)), { active: null });
    await tx.insertMany(DATA_KEY_TABLE.name, [fresh]);
  });
}

const dataKeys = (keys: readonly DataKey[]): DataKey[] => keys.filter((key) => key.purpose === "data");

/** Encrypts anew what old keys encrypted, then retires them. */
async function drain(
  runtime: Runtime,
  vault: Vault,
  tenant: string,
  options: RotationOptions,
): Promise<{ resealed: number; retired: number }> {
  const old = dataKeys(await listDataKeys(runtime.storage.forTenant(tenant), tenant)).filter(
    (key) => !key.active,
  );
  if (old.length === 0) return { resealed: 0, retired: 0 };
  const cipher = await vault.reopen(tenant, runtime.storage.forTenant(tenant), false);
  const prefixes = old.map((key) => sealedPrefix(key.id));
  let resealed = 0;
  for (const entity of runtime.composition.entities.values()) {
    if (entity.encrypted.length === 0) continue;
    let done = 0;
    for (const of of entity.history ? (["records", "states"] as const) : (["records"] as const)) {
      const forgetsPast = options.history === "forget";
      const batch = options.batch ?? 200;
      const place = { runtime, tenant, entity, cipher, prefixes, batch, of, forgetsPast };
      // A record that was written meanwhile may keep a field of the old key: then there is another round.
      for (let found = true; found; ) {
        found = false;
        for await (const count of resealEntity(place)) {
          found = true;
          if (of === "records") done += count;
          options.onProgress?.({ tenant, entity: entity.name, done });
          options.signal?.throwIfAborted();
        }
      }
    }
    resealed += done;
  }
  const storage = runtime.storage.forTenant(tenant);
  const these: Filter = { op: "in", column: "id", values: old.map((key) => key.id) };
  const { count } = await storage.updateWhere(DATA_KEY_TABLE.name, and(ofTenant(tenant), these), {
    purpose: "history",
  });
  if (options.history === "forget") {
    const past: Filter = { op: "eq", column: "purpose", value: "history" };
    await storage.deleteWhere(DATA_KEY_TABLE.name, and(ofTenant(tenant), past));
    vault.close(tenant);
  }
  return { resealed, retired: count };
}
