import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { sqlite } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { plugins } from "../http/support/parcels.js";

/** Sends one hostile file in a process of its own, and prints the answer with the most memory that it took. */
const MB = 1024 * 1024;

function* times(count: number, chunk: string, head = ""): Generator<Uint8Array> {
  if (head !== "") yield Buffer.from(head);
  const bytes = Buffer.from(chunk);
  for (let n = 0; n < count; n++) yield bytes;
}

function* numbered(count: number): Generator<Uint8Array> {
  yield Buffer.from("code,note\n");
  for (let n = 0; n < count; n += 1000)
    yield Buffer.from(Array.from({ length: 1000 }, (_, i) => `R${n + i},row number ${n + i}\n`).join(""));
}

const attacks: Readonly<Record<string, () => Iterable<Uint8Array>>> = {
  "long-row": () => times(50 * 16, "x".repeat(MB / 16), "code,note\nX1,"),
  "long-cell": () => times(50 * 16, "x\n".repeat(MB / 32), 'code,note\nX1,"'),
  columns: () => times(1, `code,${Array.from({ length: 10_000 }, (_, n) => `c${n}`).join(",")}\n`),
  "open-quote": () => times(1, 'code,note\nX1,"never closed\nX2,\n'),
  bomb: () => times(1, gzipSync(Buffer.alloc(64 * MB)).toString("latin1")),
  rows: () => numbered(100_000),
};

const attack = process.argv[2] as string;
const folder = mkdtempSync(join(tmpdir(), "corm-hostile-"));
const { crm, me } = await createTestCrm({ plugins, storage: sqlite(join(folder, "corm.db")) });
const { key } = await issueApiKey(me, { name: "hostile", roles: ["admin"] });
const http = createHttp(crm);
const source = (attacks[attack] as () => Iterable<Uint8Array>)()[Symbol.iterator]();
const body = new ReadableStream<Uint8Array>({
  pull(controller) {
    const { done, value } = source.next();
    if (done) controller.close();
    else controller.enqueue(value);
  },
});
/** What the loader of TypeScript and the app take before. */
const base = process.memoryUsage.rss();
let rss = 0;
const watch = setInterval(() => {
  rss = Math.max(rss, process.memoryUsage.rss());
}, 20);
const packed = attack === "bomb" ? { "content-encoding": "gzip" } : {};
const began = performance.now();
const headers = { authorization: `Bearer ${key}`, "content-type": "text/csv", ...packed };
const answer = await http.request("/api/parcels/import", {
  method: "POST",
  headers,
  body,
  duplex: "half",
} as RequestInit);
const told = (await answer.json()) as { code?: string; state?: string };
const seconds = (performance.now() - began) / 1000;
clearInterval(watch);
const written = await me.entities.parcel.count();
const code = told.code ?? told.state;
const grown = Math.max(rss, process.memoryUsage.rss()) - base;
const line = { status: answer.status, code, written, grown, seconds };
process.stdout.write(`${JSON.stringify(line)}\n`);
await crm.stop();
rmSync(folder, { recursive: true, force: true });
