import { sha256Hex } from "../util/hash.js";

/** A file as the store knows it. */
export interface StoredFile {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** RFC 3339, by the clock of the store. */
  readonly modifiedAt: string;
}

export interface FileWork {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Where the bytes of files are kept. Records say what a file is and who may read it; the store knows keys that core has
 * made, such as `4f0c…/0197…`: a folder of the tenant, and an id. Keys are never used twice.
 */
export interface FileStore {
  /** For messages and `readyz`. */
  readonly name: string;
  /**
   * Keeps all bytes, or nothing: a file can be read only once it is whole and safe from a crash. Memory does not grow with
   * the file. Throws what `bytes` throws.
   */
  put(key: string, bytes: AsyncIterable<Uint8Array>, work?: FileWork): Promise<void>;
  /** The bytes, or null where there is no such file. Whoever stops reading ends the iterator. */
  get(key: string, work?: FileWork): Promise<AsyncIterable<Uint8Array> | null>;
  /** Removes files for good. Those that are not there are no error. */
  remove(keys: readonly string[], work?: FileWork): Promise<void>;
  /** All files of a folder, in any order, without half-written ones. */
  list(folder: string, work?: FileWork): AsyncIterable<StoredFile>;
}

/** The folder of a tenant: its name may hold what no path may. */
export const fileFolder = (tenant: string): string => sha256Hex(tenant).slice(0, 32);

const KEY = /^[0-9a-f]{32}\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** True for keys that core makes: nothing else may come near a path or an address. */
export const isFileKey = (key: string): boolean => KEY.test(key);
export const isFileFolder = (folder: string): boolean => /^[0-9a-f]{32}$/.test(folder);
