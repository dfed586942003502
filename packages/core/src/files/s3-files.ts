import type { AwsClient } from "aws4fetch";
import { sha256Hex } from "../util/hash.js";
import { FileStoreFailed } from "./errors.js";
import { type FileStore, type FileWork, isFileFolder, isFileKey } from "./file-store.js";
import { completeXml, listedFiles, textOf } from "./s3-xml.js";

export interface S3Options {
  /** Address of the bucket: `https://s3.eu-central-1.amazonaws.com/crm-files`, `https://crm-files.s3.…`, or of MinIO, Ceph, R2. */
  readonly bucket: string;
  /** Default `us-east-1`, which stores without regions take as well. */
  readonly region?: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** In front of every key, such as `crm/`. */
  readonly prefix?: string;
  /** Bytes of a part, at least 5 MiB: so much of an upload is held in memory. Default 8 MiB. */
  readonly partSize?: number;
}

const MIN_PART = 5 * 1024 * 1024;
const DEFAULT_PART = 8 * 1024 * 1024;
/** Of a request that a store does not take, beside the first try. */
const RETRIES = 3;

interface Call extends FileWork {
  readonly method?: string;
  readonly query?: string;
  readonly body?: Uint8Array;
  readonly doing: string;
  /** Answers that are none of the store's failures, such as 404. */
  readonly also?: number;
}

/**
 * Files in a store that speaks the protocol of Amazon S3. Requests are signed (Signature Version 4), with the hash of what
 * they carry. A file longer than one part goes up in parts, which the store joins at the end: until then nobody sees it.
 * Needs the package `aws4fetch`. Let the bucket remove incomplete uploads after a day, as crashes leave them.
 */
export function s3Files(options: S3Options): FileStore {
  const { partSize = DEFAULT_PART, prefix = "" } = options;
  const fail = (doing: string, reason: string, cause?: unknown) =>
    FileStoreFailed({ store: "s3", doing, reason }, cause === undefined ? undefined : { cause });
  if (!Number.isSafeInteger(partSize) || partSize < MIN_PART)
    throw fail("begin", `"partSize" is at least ${MIN_PART} bytes`);
  const base = new URL(options.bucket.replace(/\/*$/, "/"));
  let client: AwsClient | undefined;
  const clientOf = async (): Promise<AwsClient> => {
    if (client) return client;
    const { AwsClient } = await import("aws4fetch").catch((cause) => {
      throw fail("be reached without the package aws4fetch: npm install aws4fetch", String(cause), cause);
    });
    const { accessKeyId, secretAccessKey, sessionToken, region = "us-east-1" } = options;
    client = new AwsClient({
      accessKeyId,
      secretAccessKey,
      region,
      service: "s3",
      retries: RETRIES,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    });
    return client;
  };
  const send = async (path: string, call: Call): Promise<Response> => {
    const { method = "GET", query = "", body, doing, signal, also } = call;
    const url = new URL(path, base);
    url.search = query;
    const aws = await clientOf();
    const response = await aws
      .fetch(url.href, {
        method,
        headers: { "x-amz-content-sha256": sha256Hex(body ?? "") },
        // A store that sends its callers elsewhere could be sent anywhere.
        redirect: "manual",
        ...(body ? { body: body as Uint8Array<ArrayBuffer> } : {}),
        ...(signal ? { signal } : {}),
      })
      .catch((cause) => {
        signal?.throwIfAborted();
        throw fail(doing, String(cause), cause);
      });
    if (response.ok || response.status === also) return response;
    const answer = (await response.text()).slice(0, 4_000);
    throw fail(doing, `${response.status} ${textOf(answer, "Code") ?? ""}`.trim());
  };
  const pathOf = (key: string): string => {
    if (!isFileKey(key)) throw fail("use a key that core has not made", key.slice(0, 100));
    return `${prefix}${key}`;
  };
  return {
    name: "s3",
    async put(key, bytes, work = {}) {
      const path = pathOf(key);
      const parts = partsOf(bytes, partSize);
      const first = await parts.next();
      const second = first.done ? first : await parts.next();
      if (second.done) {
        const body = first.done ? new Uint8Array() : first.value;
        const response = await send(path, { ...work, method: "PUT", body, doing: "keep a file" });
        await response.arrayBuffer();
        return;
      }
      await multipart(send, path, work, [first.value as Uint8Array, second.value], parts, fail);
    },
    async get(key, work = {}) {
      const response = await send(pathOf(key), { ...work, doing: "read a file", also: 404 });
      if (response.status !== 404) return response.body ?? once();
      await response.arrayBuffer();
      return null;
    },
    async remove(keys, work = {}) {
      for (const key of keys) {
        const call = { ...work, method: "DELETE", doing: "remove a file", also: 404 };
        await (await send(pathOf(key), call)).arrayBuffer();
      }
    },
    async *list(folder, work = {}) {
      if (!isFileFolder(folder)) throw fail("list a folder that core has not made", folder.slice(0, 100));
      let next: string | undefined;
      do {
        const query = new URLSearchParams({ "list-type": "2", prefix: `${prefix}${folder}/` });
        if (next !== undefined) query.set("continuation-token", next);
        const call = { ...work, query: query.toString(), doing: "list its files" };
        const xml = await (await send("", call)).text();
        for (const file of listedFiles(xml)) {
          const key = file.key.slice(prefix.length);
          if (isFileKey(key)) yield { ...file, key };
        }
        next = textOf(xml, "NextContinuationToken");
      } while (next !== undefined);
    },
  };
}

type Send = (path: string, call: Call) => Promise<Response>;

async function multipart(
  send: Send,
  path: string,
  work: FileWork,
  begun: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array>,
  fail: (doing: string, reason: string) => Error,
): Promise<void> {
  const begin = await send(path, { ...work, method: "POST", query: "uploads=", doing: "begin a file" });
  const id = textOf(await begin.text(), "UploadId");
  if (id === undefined) throw fail("begin a file", "it answered no UploadId");
  const upload = new URLSearchParams({ uploadId: id }).toString();
  try {
    const tags: string[] = [];
    const sendPart = async (body: Uint8Array) => {
      const query = `partNumber=${tags.length + 1}&${upload}`;
      const response = await send(path, { ...work, method: "PUT", query, body, doing: "keep a file" });
      await response.arrayBuffer();
      tags.push(response.headers.get("etag") ?? "");
    };
    for (const part of begun) await sendPart(part);
    for await (const part of rest) await sendPart(part);
    const body = Buffer.from(completeXml(tags));
    const done = await send(path, { ...work, method: "POST", query: upload, body, doing: "finish a file" });
    // A store may find out that it fails when it has begun to answer that it does not.
    const answer = await done.text();
    const code = textOf(answer, "Code");
    if (code !== undefined) throw fail("finish a file", code);
  } catch (error) {
    const call = { method: "DELETE", query: upload, doing: "give a file up", also: 404 };
    await send(path, call).then(
      (response) => response.arrayBuffer(),
      () => undefined,
    );
    throw error;
  }
}

/** The bytes in pieces of one size; the last one is shorter. */
async function* partsOf(bytes: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let part = Buffer.allocUnsafe(size);
  let length = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.byteLength; ) {
      const some = chunk.subarray(at, at + size - length);
      part.set(some, length);
      length += some.byteLength;
      at += some.byteLength;
      if (length < size) continue;
      yield part;
      part = Buffer.allocUnsafe(size);
      length = 0;
    }
  }
  if (length > 0) yield part.subarray(0, length);
}

async function* once(): AsyncGenerator<Uint8Array> {}
