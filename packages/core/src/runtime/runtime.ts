import type { AccessRegistry } from "../access/registry.js";
import type { Cache } from "../cache/cache.js";
import type { Tokens } from "../context/tokens.js";
import type { FieldCipher } from "../encryption/field-cipher.js";
import type { Vault } from "../encryption/vault.js";
import type { FileStore } from "../files/file-store.js";
import type { JobEngine } from "../jobs/job-engine.js";
import type { Composition } from "../plugin/compose.js";
import type { StorageAdapter, StoredRow, Transaction } from "../storage/adapter.js";
import type { Clock } from "../util/clock.js";
import type { RandomBytes } from "../util/random-bytes.js";
import type { Signals } from "./signals.js";
import type { TransactionGuard } from "./transaction-guard.js";

/** What all sessions of one CRM share. */
export interface Runtime {
  readonly composition: Composition;
  readonly storage: StorageAdapter;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly currency: string;
  readonly country: string | undefined;
  readonly tokens: Tokens;
  /** Null where no field is encrypted. */
  readonly vault: Vault | null;
  readonly access: AccessRegistry;
  /** Capabilities that nobody of this app may use. */
  readonly withheld: ReadonlySet<string>;
  /** By entity: since when states have been kept of records that were there before. Others have all of theirs. */
  readonly historySince: ReadonlyMap<string, string>;
  /** By entity: the fields of which the app asks where their values are from. */
  readonly provenance: ReadonlyMap<string, ReadonlySet<string>>;
  /** Stands for a secret value where it must not be seen: equal for equal values of this app only. */
  readonly fingerprint: (value: string) => string;
  /** Tells who waits in this process that something was entered in the journal of a tenant, and committed. */
  readonly journalled: Signals;
  /** Tells the workers of this process that there is a job in a queue, committed. */
  readonly enqueued: Signals;
  readonly jobs: JobEngine;
  /** The workers of this process that have something to stop. */
  readonly workers: Set<RunningWorker>;
  readonly cache: Cache | null;
  /** Where the bytes of attachments are. */
  readonly files: FileStore;
  /** Random bytes that a seed repeats, for ids and pauses: not for secrets. */
  readonly random: RandomBytes;
  readonly guard: TransactionGuard;
  /** Takes errors that have no caller left to go to. */
  readonly report: (error: unknown) => void;
}

/** What a process asks its workers. */
export interface RunningWorker {
  /** Milliseconds since it last looked for jobs. */
  silence(): number;
  stop(): Promise<void>;
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
  /** Something was entered in the journal, and is told after the commit. */
  journalled: boolean;
  /** Entries of the journal that were made in it, where somebody wants to know what they would be. */
  readonly entered: StoredRow[] | null;
  /** Last versions written by hooks, so that a caller gets back the record as it was left. */
  readonly versions: Map<string, number>;
  /** References that were found to exist, as `entity:id`. */
  readonly seen: Set<string>;
  /** What this transaction encrypts with: its key cannot be retired before the transaction ends. */
  cipher: FieldCipher | null;
}

export function openScope(
  tx: Transaction,
  parent: TransactionScope | null,
  simulated = parent?.entered != null,
): TransactionScope {
  return {
    tx,
    parent,
    active: true,
    failed: null,
    writes: 0,
    committed: [],
    journalled: false,
    entered: simulated ? [] : null,
    versions: simulated ? new Map(parent?.versions) : (parent?.versions ?? new Map()),
    seen: new Set(parent?.seen),
    cipher: parent?.cipher ?? null,
  };
}
