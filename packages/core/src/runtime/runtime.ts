import type { AsyncLocalStorage } from "node:async_hooks";
import type { AccessRegistry } from "../access/registry.js";
import type { Tokens } from "../context/tokens.js";
import type { FieldCipher } from "../encryption/field-cipher.js";
import type { Vault } from "../encryption/vault.js";
import type { Composition } from "../plugin/compose.js";
import type { StorageAdapter, Transaction } from "../storage/adapter.js";
import type { Clock } from "../util/clock.js";

/** What all sessions of one CRM share. */
export interface Runtime {
  readonly composition: Composition;
  readonly storage: StorageAdapter;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly currency: string;
  readonly tokens: Tokens;
  /** Null where no field is encrypted. */
  readonly vault: Vault | null;
  readonly access: AccessRegistry;
  /** The transaction that the running asynchronous code is inside of. */
  readonly guard: AsyncLocalStorage<TransactionScope>;
  /** Takes errors that have no caller left to go to. */
  readonly report: (error: unknown) => void;
}

/** One open transaction or savepoint. Mutable on purpose: it is the state of something that happens. */
export interface TransactionScope {
  readonly tx: Transaction;
  readonly parent: TransactionScope | null;
  active: boolean;
  /** The operation after whose failure nothing of this scope may be kept. */
  failed: string | null;
  /** Writes that began in it, whether they succeeded or not. */
  writes: number;
  /** Work for after the outermost commit. */
  committed: (() => Promise<void>)[];
  /** Last versions written by hooks, so that a caller gets back the record as it was left. */
  readonly versions: Map<string, number>;
  /** References that were found to exist, as `entity:id`. */
  readonly seen: Set<string>;
  /** What this transaction encrypts with: its key cannot be retired before the transaction ends. */
  cipher: FieldCipher | null;
}

export function openScope(tx: Transaction, parent: TransactionScope | null): TransactionScope {
  return {
    tx,
    parent,
    active: true,
    failed: null,
    writes: 0,
    committed: [],
    versions: parent?.versions ?? new Map(),
    seen: new Set(parent?.seen),
    cipher: parent?.cipher ?? null,
  };
}
