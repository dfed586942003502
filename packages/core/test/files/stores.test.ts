import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileStoreFailed, localFiles, memoryFiles } from "@corm/core";
import { s3Files } from "@corm/core/s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACCESS, type S3Server, startS3 } from "./s3-server.js";

const MIB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "corm-files-"));
let s3: S3Server;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(async () => {
  await s3.stop();
  rmSync(folder, { recursive: true, force: true });
});

const tenant = "0123456789abcdef0123456789abcdef";
const other = "f".repeat(32);
let next = 0;
const keyIn = (of = tenant): string => {
  next += 1;
  return `${of}/0197aaaa-0000-7000-8000-${String(next).padStart(12, "0")}`;
};

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const read = async (bytes: AsyncIterable<Uint8Array> | null): Promise<Buffer | null> => {
  if (!bytes) return null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
};
const listed = async (files: AsyncIterable<{ readonly key: string; readonly size: number }>) => {
  const all: [string, number][] = [];
  for await (const { key, size } of files) all.push([key, size]);
  return all.sort();
};

const stores = {
  memory: () => memoryFiles(),
  local: () => localFiles(join(folder, "store")),
  s3: () => s3Files({ bucket: s3.url, ...ACCESS, prefix: "crm & co/", partSize: 5 * MIB }),
};

for (const [name, open] of Object.entries(stores)) {
  describe(`files in ${name}`, () => {
    it("gives bytes back as they came, in pieces of any size", async () => {
      const store = open();
      for (const length of [0, 1, 65_536, 200_001]) {
        const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 31) % 256));
        const key = keyIn();
        await store.put(key, pieces(bytes, 7_777));
        expect((await read(await store.get(key)))?.equals(bytes)).toBe(true);
      }
      expect(await store.get(keyIn())).toBeNull();
    });

    it("takes a file that is longer than one part", async () => {
      const store = open();
      const bytes = Buffer.alloc(11 * MIB, "0123456789abcde");
      const key = keyIn();
      await store.put(key, pieces(bytes, 1_000_003));
      expect((await read(await store.get(key)))?.equals(bytes)).toBe(true);
    });

    it("keeps nothing of a file that breaks off", async () => {
      const store = open();
      for (const length of [100, 11 * MIB]) {
        const key = keyIn(other);
        async function* broken(): AsyncGenerator<Uint8Array> {
          yield* pieces(Buffer.alloc(length), MIB);
          throw new Error("hung up");
        }
        await expect(store.put(key, broken())).rejects.toThrow("hung up");
        expect(await store.get(key)).toBeNull();
      }
      expect(await listed(store.list(other))).toEqual([]);
      expect(s3.uploads.size).toBe(0);
    });

    it("lists the files of one tenant, and removes them, also those that are not there", async () => {
      const store = open();
      const mine = "a".repeat(32);
      const keys = Array.from({ length: 5 }, () => keyIn(mine));
      for (const [i, key] of keys.entries()) await store.put(key, pieces(Buffer.alloc(i + 1), 10));
      await store.put(keyIn("b".repeat(32)), pieces(Buffer.alloc(1), 1));
      expect(await listed(store.list(mine))).toEqual(keys.map((key, i) => [key, i + 1]).sort());
      await store.remove([keys[0] as string, keyIn(mine), keys[1] as string]);
      expect((await listed(store.list(mine))).length).toBe(3);
      expect(await store.get(keys[0] as string)).toBeNull();
      expect(await listed(store.list("c".repeat(32)))).toEqual([]);
    });
  });
}

describe("F59 a key that core has not made", () => {
  const strangers = ["../secret", `${tenant}/../../secret`, `${tenant}/x`, "/etc/passwd", `${tenant}/..`, ""];
  it.each(["local", "s3"] as const)("comes near no path of %s", async (name) => {
    writeFileSync(join(folder, "secret"), "canary");
    const store = stores[name]();
    const asked = s3.log.length;
    for (const key of strangers) {
      await expect(store.get(key)).rejects.toSatisfy(FileStoreFailed.is);
      await expect(store.put(key, pieces(Buffer.alloc(1), 1))).rejects.toSatisfy(FileStoreFailed.is);
      await expect(store.remove([key])).rejects.toSatisfy(FileStoreFailed.is);
      await expect(listed(store.list(key))).rejects.toSatisfy(FileStoreFailed.is);
    }
    expect(statSync(join(folder, "secret")).size).toBe(6);
    expect(s3.log.length).toBe(asked);
  });
});

describe("files in a folder", () => {
  it("are nobody else's to read, and a part that a crash has left is no file", async () => {
    const store = localFiles(join(folder, "modes"));
    const key = keyIn();
    await store.put(key, pieces(Buffer.from("x"), 1));
    expect(statSync(join(folder, "modes", key)).mode & 0o777).toBe(0o600);
    writeFileSync(join(folder, "modes", `${key}.abc.part`), "half");
    expect((await listed(store.list(tenant))).map(([each]) => each)).toEqual([key]);
    expect(readdirSync(join(folder, "modes", tenant)).length).toBe(2);
  });
});

describe("files in S3", () => {
  it("are refused with another secret, and the caller is told no more than that it failed", async () => {
    const store = s3Files({ bucket: s3.url, ...ACCESS, secretAccessKey: "another" });
    const error = await store.put(keyIn(), pieces(Buffer.from("x"), 1)).catch((each) => each);
    expect(FileStoreFailed.is(error)).toBe(true);
    expect(error.meta.reason).toBe("403 SignatureDoesNotMatch");
    expect(error.message).not.toContain("Signature");
  });

  it("go up once more where the store is too busy, and fail where it stays so", async () => {
    const store = stores.s3();
    const key = keyIn();
    s3.fail("PUT", 503, 2);
    await store.put(key, pieces(Buffer.from("again"), 2));
    expect((await read(await store.get(key)))?.toString()).toBe("again");
    s3.fail("PUT", 503, 4);
    await expect(store.put(keyIn(), pieces(Buffer.from("x"), 1))).rejects.toSatisfy(FileStoreFailed.is);
  });

  it("are not there where the store finds out late that it cannot join the parts", async () => {
    const store = stores.s3();
    const key = keyIn();
    s3.fail("POST", 500, 5);
    await expect(store.put(key, pieces(Buffer.alloc(6 * MIB), MIB))).rejects.toSatisfy(FileStoreFailed.is);
    expect(await store.get(key)).toBeNull();
  });

  it("need a bucket that is there", async () => {
    const store = s3Files({ bucket: "http://127.0.0.1:9/files", ...ACCESS });
    await expect(store.get(keyIn())).rejects.toSatisfy(FileStoreFailed.is);
  });
});
