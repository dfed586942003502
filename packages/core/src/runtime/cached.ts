import { randomUUID } from "node:crypto";
import type { Cache } from "../cache/cache.js";
import type { Context } from "../context/context.js";
import { sha256Hex } from "../util/hash.js";
import type { Session } from "./session.js";

export interface CachedOptions {
  /** What it is about, such as `crm.rates`: `forget` is told the same. */
  readonly group: string;
  /** What it hangs on beyond the tenant: values that JSON can write. Also who asks, where not all see the same. */
  readonly key: readonly unknown[];
  /** Milliseconds for which it is kept, and for which it may be old where a process ended before it could `forget`. */
  readonly ttl: number;
}

/** A version is kept longer than what is kept under it. One that is gone makes a new one, under which nothing is. */
const VERSION_TTL = 86_400_000;

/** Who asks for the same at the same moment waits for the one answer. */
const loading = new WeakMap<Cache, Map<string, Promise<unknown>>>();

/**
 * What `load` gives, or has given to somebody of this tenant before. Without a cache, and in a transaction, which may have
 * changed it, it is loaded. A cache that fails is reported, and counts as empty.
 *
 * @param load gives what JSON can write
 * @example
 * const rates = await cached(ctx, { group: "crm.rates", key: [from, until], ttl: 60_000 }, () => loadRates(ctx));
 */
export async function cached<T>(ctx: Context, options: CachedOptions, load: () => Promise<T>): Promise<T> {
  const { runtime, inTransaction, tenant } = ctx as Session;
  const { cache, report } = runtime;
  if (!cache || inTransaction) return load();
  let place: string | undefined;
  let found: string | undefined;
  try {
    // Asked before it is loaded: what changes meanwhile gets another version, under which nobody looks for this.
    const version = await cache.ensure(versionKey(tenant, options.group), randomUUID(), VERSION_TTL);
    place = `${tenant}:${options.group}:${version}:${sha256Hex(JSON.stringify(options.key))}`;
    found = await cache.get(place);
  } catch (error) {
    report(error);
    return load();
  }
  if (found !== undefined) return JSON.parse(found) as T;
  let own = loading.get(cache);
  if (!own) {
    own = new Map();
    loading.set(cache, own);
  }
  const key = place;
  let pending = own.get(key) as Promise<T> | undefined;
  if (!pending) {
    pending = load().finally(() => own.delete(key));
    own.set(key, pending);
    pending.then(
      (value) => cache.set(key, JSON.stringify(value), options.ttl).catch(report),
      () => {},
    );
  }
  return pending;
}

/** After the commit of what changes a group: all of it is loaded anew, in this tenant. */
export async function forget(ctx: Context, group: string): Promise<void> {
  const { runtime, tenant } = ctx as Session;
  await runtime.cache?.set(versionKey(tenant, group), randomUUID(), VERSION_TTL);
}

const versionKey = (tenant: string, group: string): string => `${tenant}:${group}`;
