import { createHash } from "node:crypto";
import type { Context } from "../../context/context.js";
import { TransactionMisuse } from "../../errors/core-errors.js";
import { FileTooLarge } from "../../files/errors.js";
import { fileFolder } from "../../files/file-store.js";
import { safeName } from "../../files/safe-name.js";
import { SIGNATURE_BYTES, safeType } from "../../files/safe-type.js";
import type { Session } from "../../runtime/session.js";
import { signTicket } from "./file-tickets.js";

/** Longest file where nobody says otherwise. */
export const DEFAULT_MAX_FILE = 100 * 1024 * 1024;

export interface FileInput {
  /** As the sender calls it: a path is cut off, what is no part of a name anywhere is replaced. */
  readonly name: string;
  /** As the sender calls it: its bytes may say otherwise. */
  readonly contentType?: string | null | undefined;
  readonly bytes: AsyncIterable<Uint8Array> | Uint8Array;
  /** Bytes. Default 100 MiB. */
  readonly limit?: number;
}

/** A file in the store that hangs on no record yet. */
export interface UploadedFile {
  /** What the `key` of a new attachment takes: signed, of this tenant, for 24 hours and one attachment. */
  readonly ticket: string;
  readonly name: string;
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}

/** Stores bytes under a new key as they come, and says what they are. */
export async function uploadFile(ctx: Context, file: FileInput): Promise<UploadedFile> {
  if (ctx.inTransaction)
    throw TransactionMisuse({
      reason:
        "A file is stored before the transaction that attaches it, since the store is another system: call upload() first.",
    });
  const { runtime } = ctx as Session;
  const key = `${fileFolder(ctx.tenant)}/${ctx.newId()}`;
  const hash = createHash("sha256");
  const limit = file.limit ?? DEFAULT_MAX_FILE;
  let size = 0;
  let head = Buffer.alloc(0);
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOf(file.bytes)) {
      size += chunk.byteLength;
      if (size > limit) throw FileTooLarge({ limit });
      if (head.length < SIGNATURE_BYTES)
        head = Buffer.concat([head, chunk.subarray(0, SIGNATURE_BYTES - head.length)]);
      hash.update(chunk);
      yield chunk;
    }
  }
  await runtime.files.put(key, counted(), { signal: ctx.signal });
  const contentType = safeType(file.contentType, head);
  const sha256 = hash.digest("hex");
  const ticket = signTicket(ctx, { key, size, sha256, contentType });
  return { ticket, name: safeName(file.name), contentType, size, sha256 };
}

async function* chunksOf(bytes: FileInput["bytes"]): AsyncGenerator<Uint8Array> {
  if (bytes instanceof Uint8Array) yield bytes;
  else yield* bytes;
}
