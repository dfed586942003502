import { type Clock, systemClock, toInstant } from "../util/clock.js";
import type { FileStore } from "./file-store.js";

/** Files in memory, for tests: they end with the process. */
export function memoryFiles(options: { readonly clock?: Clock } = {}): FileStore {
  const clock = options.clock ?? systemClock;
  const files = new Map<string, { readonly bytes: Uint8Array; readonly modifiedAt: string }>();
  return {
    name: "memory",
    async put(key, bytes, { signal } = {}) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of bytes) {
        signal?.throwIfAborted();
        chunks.push(Uint8Array.from(chunk));
      }
      files.set(key, { bytes: Buffer.concat(chunks), modifiedAt: toInstant(clock.now()) });
    },
    async get(key) {
      const file = files.get(key);
      return file ? once(file.bytes) : null;
    },
    async remove(keys) {
      for (const key of keys) files.delete(key);
    },
    async *list(folder) {
      for (const [key, { bytes, modifiedAt }] of [...files])
        if (key.startsWith(`${folder}/`)) yield { key, size: bytes.byteLength, modifiedAt };
    },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
