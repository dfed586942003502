import { crmCore, importFile, importStatus, listImports, resumeImport } from "@corm/core";
import { expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { programmable } from "../support/program.js";

const { program, plugin } = programmable();
const thing = { name: "thing" };
const line = (n: number) => (n % 50 === 7 ? `T${n},c${n},x\n` : `T${n},c${n},${n}\n`);
const file = (rows: number, from = 0) =>
  `title,code,count\n${Array.from({ length: rows }, (_, n) => line(n + from)).join("")}`;

async function* bytesOf(text: string, breakAt?: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 4096) {
    if (breakAt !== undefined && at >= breakAt) throw new Error("the line is dead");
    yield bytes.subarray(at, at + 4096);
  }
}

onDatabases({ plugins: [crmCore(), plugin] }, (app) => {
  const rows = 2400;
  const options = { format: "csv", mode: "create" } as const;

  it("is interrupted where the stream ends early, and goes on without doubling or leaving out", async () => {
    const me = app().fresh();
    const text = file(rows);
    await expect(importFile(me, thing, bytesOf(text, text.length / 2), options)).rejects.toThrow(
      "the line is dead",
    );
    const [job] = (await listImports(me)).items;
    expect(job).toMatchObject({ state: "interrupted", done: 1400, accepted: 1372, rejected: 28 });
    expect(await me.entities.thing.count()).toBe(1372);
    const id = job?.id as string;
    const status = await resumeImport(me, id, bytesOf(text));
    expect(status).toMatchObject({ state: "finished", done: rows, accepted: 2352, rejected: 48 });
    expect(await me.entities.thing.count()).toBe(2352);
    expect(await me.entities.thing.count({ version: 1 })).toBe(2352);
    await expect(resumeImport(me, id, bytesOf(text))).rejects.toMatchObject({ code: "import-not-resumable" });
  });

  it("writes a batch and how far it came together, whatever fails between", async () => {
    const me = app().fresh();
    let batches = 0;
    program.afterCreate = () => {
      batches += 1;
      if (batches === 3) throw new Error("the plug was pulled");
    };
    await expect(importFile(me, thing, bytesOf(file(rows)), options)).rejects.toThrow(/afterCreate/);
    const [job] = (await listImports(me)).items;
    expect(job).toMatchObject({ state: "interrupted" });
    expect(await me.entities.thing.count()).toBe(job?.accepted);
    delete program.afterCreate;
    await resumeImport(me, job?.id as string, bytesOf(file(rows)));
    expect(await me.entities.thing.count()).toBe(2352);
  });

  it("takes over from a process that has gone silent, which then stops by itself", async () => {
    const me = app().fresh();
    const text = file(rows);
    let release: () => void = () => {};
    const waiting = new Promise<void>((resolve) => {
      release = resolve;
    });
    let id = "";
    async function* slow(): AsyncGenerator<Uint8Array> {
      const bytes = Buffer.from(text);
      yield bytes.subarray(0, 9_000);
      await waiting;
      yield bytes.subarray(9_000);
    }
    const first = importFile(me, thing, slow(), options).catch((error: unknown) => error);
    // All batches that the first part of the file is enough for.
    while (id === "" || (await importStatus(me, id)).done < 600) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      id = (await listImports(me)).items[0]?.id ?? "";
    }
    await expect(resumeImport(me, id, bytesOf(text))).rejects.toMatchObject({ code: "import-not-resumable" });
    app().clock.advance(61_000);
    expect((await importStatus(me, id)).state).toBe("interrupted");
    const status = await resumeImport(me, id, bytesOf(text));
    expect(status).toMatchObject({ state: "finished", done: rows });
    release();
    expect(await first).toMatchObject({ code: "import-taken-over" });
    expect((await importStatus(me, id)).state).toBe("finished");
    expect(await me.entities.thing.count()).toBe(2352);
  });

  it("refuses to go on with another file", async () => {
    const me = app().fresh();
    const text = file(rows);
    await expect(importFile(me, thing, bytesOf(text, text.length / 2), options)).rejects.toThrow();
    const [job] = (await listImports(me)).items;
    const id = job?.id as string;
    const refused = { code: "import-not-resumable" };
    await expect(resumeImport(me, id, bytesOf(file(rows, 1)))).rejects.toMatchObject(refused);
    await expect(resumeImport(me, id, bytesOf("title,code\nx,y\n"))).rejects.toMatchObject(refused);
    await expect(resumeImport(me, id, bytesOf(file(10)))).rejects.toMatchObject(refused);
    expect(await me.entities.thing.count()).toBe(1372);
    expect(await resumeImport(me, id, bytesOf(text))).toMatchObject({ state: "finished", done: rows });
  });
});
