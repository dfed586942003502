import type { FileHandle } from "node:fs/promises";
import { mkdir, open, opendir, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { randomToken } from "../util/hash.js";
import { FileStoreFailed } from "./errors.js";
import { type FileStore, isFileFolder, isFileKey } from "./file-store.js";

/** Of files that are not whole yet. One that a crash has left is written over by nobody, and is no file. */
const PART = ".part";
const CHUNK = 65_536;

/**
 * Files in a folder of this machine, or of a disk that several machines share: `folder/tenant/id`. A file is written
 * beside its place, flushed to disk, and moved there, so that a crash leaves a whole one or none. The folder is made when
 * the first file comes.
 */
export function localFiles(folder: string): FileStore {
  const root = resolve(folder);
  const failed = (doing: string, cause: unknown) =>
    FileStoreFailed({ store: "local", doing, reason: String(cause) }, { cause });
  /** Keys are checked here as well: no path but those that core makes is ever touched. */
  const pathOf = (key: string): string => {
    if (!isFileKey(key)) throw failed("use a key that core has not made", key.slice(0, 100));
    return join(root, ...key.split("/"));
  };
  return {
    name: "local",
    async put(key, bytes, { signal } = {}) {
      const path = pathOf(key);
      const tenant = join(path, "..");
      await mkdir(tenant, { recursive: true, mode: 0o700 }).catch((error) => {
        throw failed("make its folder", error);
      });
      const part = `${path}.${randomToken(16)}${PART}`;
      const file = await open(part, "wx", 0o600).catch((error) => {
        throw failed("begin a file", error);
      });
      try {
        for await (const chunk of bytes) {
          signal?.throwIfAborted();
          await writeAll(file, chunk).catch((error) => {
            throw failed("write a file", error);
          });
        }
        await file.sync();
        await file.close();
        await rename(part, path);
        await flushed(tenant);
      } catch (error) {
        await file.close().catch(() => undefined);
        await rm(part, { force: true }).catch(() => undefined);
        throw error;
      }
    },
    async get(key) {
      try {
        return chunksOf(await open(pathOf(key), "r"));
      } catch (error) {
        if (isAbsent(error)) return null;
        throw failed("read a file", error);
      }
    },
    async remove(keys) {
      for (const key of keys)
        await rm(pathOf(key), { force: true }).catch((error) => {
          throw failed("remove a file", error);
        });
    },
    async *list(tenant) {
      if (!isFileFolder(tenant)) throw failed("list a folder that core has not made", tenant.slice(0, 100));
      const names = await opendir(join(root, tenant)).catch((error) => {
        if (isAbsent(error)) return null;
        throw failed("list its files", error);
      });
      if (!names) return;
      for await (const { name } of names) {
        const key = `${tenant}/${name}`;
        if (!isFileKey(key)) continue;
        const found = await stat(pathOf(key)).catch((error) => {
          if (isAbsent(error)) return null;
          throw failed("list its files", error);
        });
        if (found) yield { key, size: found.size, modifiedAt: found.mtime.toISOString() };
      }
    },
  };
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength; ) {
    const { bytesWritten } = await file.write(chunk, at);
    at += bytesWritten;
  }
}

/** What stands in a folder is safe from a crash once the folder itself is. Windows has no such call. */
async function flushed(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* chunksOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

const isAbsent = (error: unknown): boolean => (error as { code?: string }).code === "ENOENT";
