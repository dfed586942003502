import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Bytes on disk for as long as somebody works with them. */
export interface Spooled {
  readonly path: string;
  readonly size: number;
  /** The bytes again, from their beginning. */
  bytes(): AsyncIterable<Uint8Array>;
  /** Removes them. */
  drop(): Promise<void>;
}

/** Puts bytes into a file of their own, for formats that are not read from their beginning to their end. */
export async function spooled(bytes: AsyncIterable<Uint8Array>): Promise<Spooled> {
  const folder = await mkdtemp(join(tmpdir(), "corm-import-"));
  const path = join(folder, "file");
  const drop = () => rm(folder, { recursive: true, force: true });
  try {
    const file = await open(path, "wx", 0o600);
    let size = 0;
    try {
      for await (const chunk of bytes) {
        await file.writeFile(chunk);
        size += chunk.byteLength;
      }
    } finally {
      await file.close();
    }
    return { path, size, bytes: () => createReadStream(path), drop };
  } catch (error) {
    await drop();
    throw error;
  }
}
