import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  account,
  contact,
  crmCore,
  defineRole,
  grant,
  type ImportFileOptions,
  importErrors,
  importFile,
  importStatus,
  previewImport,
  revertImport,
  user,
} from "@corm/core";
import { writeXlsx } from "hucre/xlsx";
import { describe, expect, it } from "vitest";
import { onDatabases, openApp } from "../support/apps.js";
import { databases } from "../support/databases.js";
import { spawnScript } from "../support/spawn.js";

const own = defineRole({
  name: "own",
  entities: {
    ...grant(account, { read: "own", create: "own" }),
    ...grant(contact, { read: "own", create: "own", update: "own", import: true }),
  },
});

async function* bytesOf(bytes: string | Uint8Array): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(bytes as Uint8Array);
  for (let at = 0; at < all.length; at += 1_009) yield all.subarray(at, at + 1_009);
}
const csv = (rest: Partial<ImportFileOptions> = {}): ImportFileOptions => ({ format: "csv", ...rest });
const rejected = async (ctx: Parameters<typeof importErrors>[0], id: string): Promise<string> => {
  let text = "";
  for await (const chunk of importErrors(ctx, id)) text += chunk;
  return text;
};

onDatabases({ plugins: [crmCore()], roles: [own] }, (app) => {
  describe("a column that names another record", () => {
    it("is filled by its key, one query a batch, and refuses what is not there or there twice", async () => {
      const me = app().fresh();
      const accounts = await me.entities.account.createMany([
        { name: "Acme", externalId: "A1" },
        { name: "Twin" },
        { name: "Twin" },
      ]);
      const rows = Array.from(
        { length: 900 },
        (_, i) => `L${i},${i === 7 ? "Twin" : i === 8 ? "Nobody" : i === 9 ? "" : "Acme"}\n`,
      );
      app().log.clear();
      const status = await importFile(
        me,
        contact,
        bytesOf(`lastName,Firm\n${rows.join("")}`),
        csv({ mapping: { Firm: "account.name" } }),
      );
      expect(status).toMatchObject({ state: "finished", done: 900, accepted: 898, rejected: 2 });
      // Five batches: the key, and whether what it leads to is there.
      expect(app().log.of("findMany", "account").length).toBeLessThanOrEqual(10);
      expect(await me.entities.contact.count({ accountId: accounts[0]?.id as string })).toBe(897);
      const text = await rejected(me, status.id);
      expect(text).toContain("9,L7,Twin,account.name: there are several records of account with name Twin");
      expect(text).toContain("10,L8,Nobody,account.name: there is no account with name Nobody");
      const again = await importFile(me, contact, bytesOf("lastName,account.externalId\nX,A1\n"), csv());
      expect(again.accepted).toBe(1);
    });

    it("finds what the actor may see, and tells nothing of the rest", async () => {
      const system = app().fresh();
      const { id } = await system.repo(user).create({ name: "U" });
      const me = app().crm.as({ actor: { kind: "user", id }, tenant: system.tenant, roles: ["own"] });
      await system.entities.account.create({ name: "Hidden" });
      await me.entities.account.create({ name: "Mine" });
      const status = await importFile(
        me,
        contact,
        bytesOf("lastName,account.name\nA,Mine\nB,Hidden\nC,Absent\n"),
        csv(),
      );
      const text = await rejected(me, status.id);
      expect([status.accepted, status.rejected]).toEqual([1, 2]);
      expect(text.match(/there is no account with name/g)?.length).toBe(2);
    });

    it("is no field where the relation or its key is none", async () => {
      const me = app().fresh();
      for (const name of ["account.nothing", "nothing.name", "account.name.x", "account.employees.x"])
        await expect(
          importFile(me, contact, bytesOf(`lastName,${name}\nA,B\n`), csv()),
        ).rejects.toMatchObject({ code: "unknown-field" });
      await expect(
        importFile(me, contact, bytesOf("lastName,accountId,account.name\nA,,B\n"), csv()),
      ).rejects.toMatchObject({ code: "invalid-import" });
    });
  });

  it("changes the text of columns before it is read", async () => {
    const me = app().fresh();
    const file =
      "Name;Geboren;Titel;Firma\n  ADA   LOVELACE ;10.12.1815;;x\nMüller-lüdenscheidt;1.2.70;Frau;y\nC;nie;Herr;z\n";
    const status = await importFile(
      me,
      contact,
      bytesOf(file),
      csv({
        mapping: { Name: "lastName", Geboren: "birthday", Titel: "title", Firma: null },
        transforms: {
          Name: ["collapse", "capitalize"],
          Geboren: ["dayFirst"],
          Titel: [{ map: { Frau: "Ms" } }, { default: "?" }],
        },
      }),
    );
    expect([status.accepted, status.rejected]).toEqual([2, 1]);
    expect(await rejected(me, status.id)).toMatch(/C,nie,Herr,z,"birthday/);
    const { items } = await me.entities.contact.find({ orderBy: ["lastName"] });
    expect(items.map(({ lastName, birthday, title }) => [lastName, birthday, title])).toEqual([
      ["Ada Lovelace", "1815-12-10", "?"],
      ["Müller-Lüdenscheidt", "1970-02-01", "Ms"],
    ]);
    await expect(
      importFile(me, contact, bytesOf(file), csv({ transforms: { Nix: [] } })),
    ).rejects.toMatchObject({ code: "invalid-import" });
    const wrong = csv({
      mapping: { Name: "lastName", Geboren: null, Titel: null, Firma: null },
      transforms: { Name: ["shout" as never] },
    });
    await expect(importFile(me, contact, bytesOf(file), wrong)).rejects.toThrow(/step that there is not/);
  });

  it("says how far it is", async () => {
    const me = app().fresh();
    const file = Buffer.from(`lastName\n${Array.from({ length: 1_200 }, (_, i) => `L${i}\n`).join("")}`);
    async function* slow(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < file.length; at += 1_000) {
        app().clock.advance({ seconds: 1 });
        yield file.subarray(at, at + 1_000);
      }
    }
    const seen: unknown[] = [];
    async function* watched(): AsyncGenerator<Uint8Array> {
      for await (const chunk of slow()) {
        const [job] = (await import("@corm/core").then((core) => core.listImports(me))).items;
        if (job && job.done > 0) seen.push([job.percent, job.rowsPerSecond, job.remainingSeconds]);
        yield chunk;
      }
    }
    const status = await importFile(me, contact, watched(), csv(), { size: file.length });
    expect(status).toMatchObject({ percent: 100, remainingSeconds: 0 });
    expect(status.rowsPerSecond).toBeGreaterThan(0);
    // The first batch is done within the first second.
    const [percent, rate, left] = seen[1] as number[];
    expect(percent).toBeGreaterThan(20);
    expect(percent).toBeLessThan(80);
    expect(rate).toBeGreaterThan(100);
    expect(left).toBeGreaterThan(0);
  });

  describe("taking an import back", () => {
    it("undoes what it made and changed, leaves what was changed since, and goes on where it was broken off", async () => {
      const me = app().fresh();
      const old = await me.entities.contact.createMany(
        Array.from({ length: 300 }, (_, i) => ({
          lastName: `Old${i}`,
          externalId: `e${i}`,
          title: "before",
        })),
      );
      const lines = Array.from({ length: 700 }, (_, i) => `e${i},New${i}\n`).join("");
      const status = await importFile(
        me,
        contact,
        bytesOf(`externalId,lastName\n${lines}`),
        csv({ mode: "upsert", on: ["externalId"] }),
      );
      expect(status.accepted).toBe(700);
      const touched = old[5]?.id as string;
      await me.entities.contact.update(touched, { title: "after" });
      const fresh = await me.entities.contact.first({ where: { externalId: "e650" } });
      await me.entities.contact.update(fresh?.id as string, { title: "kept" });
      const broken = new AbortController();
      const asked = app().crm.as({
        actor: me.actor,
        tenant: me.tenant,
        roles: ["admin"],
        signal: broken.signal,
      } as never);
      const begun = revertImport(asked, status.id).catch((error: unknown) => error);
      setTimeout(() => broken.abort(new Error("hung up")), 30);
      await begun;
      const done = await revertImport(me, status.id);
      expect(done).toMatchObject({ state: "reverted", reverted: 698, kept: 2 });
      expect(await me.entities.contact.count()).toBe(301);
      expect(await me.entities.contact.count({ lastName: { startsWith: "Old" } })).toBe(299);
      expect(await me.entities.contact.get(touched)).toMatchObject({ lastName: "New5", title: "after" });
      expect((await revertImport(me, status.id)).reverted).toBe(698);
    });

    it("is refused for a dry run, and to others", async () => {
      const me = app().fresh();
      const dry = await importFile(me, contact, bytesOf("lastName\nA\n"), csv({ dryRun: true }));
      await expect(revertImport(me, dry.id)).rejects.toMatchObject({ code: "import-not-revertible" });
      await expect(revertImport(app().fresh(), dry.id)).rejects.toMatchObject({ code: "not-found" });
    });
  });

  describe("a workbook", () => {
    const sheet = (rows: unknown[][], more: unknown[] = []) =>
      writeXlsx({ sheets: [{ name: "People", rows }, ...more] } as never) as Promise<Uint8Array>;

    it("is read row by row: texts, numbers, days, empty cells and rows", async () => {
      const me = app().fresh();
      const file = await sheet([
        ["lastName", "birthday", "title", "externalId"],
        ["Müller 漢字", new Date(Date.UTC(1990, 1, 3)), "a & <b>", 12345],
        [],
        ["Short"],
        ["=1+1", null, "tidied ", 0.1],
        ["Blanks", null, null, "  kept  "],
      ]);
      const before = readdirSync(tmpdir()).filter((name) => name.startsWith("corm-import-")).length;
      const status = await importFile(me, contact, bytesOf(file), { format: "xlsx" });
      expect(status).toMatchObject({ state: "finished", done: 4, accepted: 4, percent: 100 });
      const { items } = await me.entities.contact.find({ orderBy: ["id"] });
      expect(
        items.map(({ lastName, birthday, title, externalId }) => [lastName, birthday, title, externalId]),
      ).toEqual([
        ["Müller 漢字", "1990-02-03", "a & <b>", "12345"],
        ["Short", null, null, null],
        ["=1+1", null, "tidied", "0.1"],
        ["Blanks", null, null, "  kept  "],
      ]);
      expect(readdirSync(tmpdir()).filter((name) => name.startsWith("corm-import-")).length).toBe(before);
    });

    it("has sheets by name, and is refused where it is none, or has no such sheet", async () => {
      const me = app().fresh();
      const file = await sheet([["nothing"]], [{ name: "Second", rows: [["lastName"], ["Two"]] }]);
      expect(
        (await importFile(me, contact, bytesOf(file), { format: "xlsx", sheet: "Second" })).accepted,
      ).toBe(1);
      const refused = (bytes: string | Uint8Array, sheetName?: string) =>
        importFile(me, contact, bytesOf(bytes), {
          format: "xlsx",
          ...(sheetName ? { sheet: sheetName } : {}),
        });
      await expect(refused(file, "Third")).rejects.toThrow(/It has "People", "Second"/);
      await expect(refused("lastName\nA\n")).rejects.toMatchObject({ code: "invalid-import" });
      await expect(refused(file.subarray(0, file.length - 200))).rejects.toMatchObject({
        code: "invalid-import",
      });
    });
  });

  it("shows what a file looks like, with the fields that its columns may be", async () => {
    const me = app().fresh();
    const text = `Vorname;Nachname;E-Mail;Firma;Handy;Geburtsdatum;last name;Xyz\nAda;L;a@b.co;Acme;1;;;\n`;
    const preview = await previewImport(me, contact, bytesOf(Buffer.from(text, "latin1")), { format: "csv" });
    expect(preview.columns.map(({ field }) => field)).toEqual([
      "firstName",
      null,
      "email",
      "account.name",
      "phone",
      "birthday",
      "lastName",
      null,
    ]);
    expect(preview.rows.length).toBe(1);
    const found = preview.columns.find(({ column }) => column === "last name");
    expect([found?.certainty, found?.because]).toEqual([0.95, "name"]);
    expect(await me.entities.contact.count()).toBe(0);
  });
});

describe("kill -9", () => {
  for (const server of databases.filter(({ name }) => name !== "SQLite in memory")) {
    it.skipIf(!server.available)(
      `in the middle of an import loses and doubles nothing: ${server.name}`,
      async () => {
        const database = await server.create();
        const folder = mkdtempSync(join(tmpdir(), "corm-kill-"));
        const path = join(folder, "people.csv");
        const rows = 6_000;
        writeFileSync(
          path,
          `lastName,externalId,birthday\n${Array.from({ length: rows }, (_, i) => `L${i},x${i},${i % 100 === 3 ? "never" : ""}\n`).join("")}`,
        );
        const argument = JSON.stringify({ url: database.url, path });
        try {
          for (const [hours, after] of [
            [0, 5],
            [1, 9],
          ] as const) {
            const child = spawnScript(new URL("./kill-child.ts", import.meta.url), argument, {
              HOURS: String(hours),
            });
            for (let n = 0; n < after; n += 1) await child.line();
            await child.kill();
          }
          const last = spawnScript(new URL("./kill-child.ts", import.meta.url), argument, { HOURS: "2" });
          let line = "";
          for (let next = await last.line(); next !== undefined; next = await last.line()) line = next;
          expect(await last.ended()).toMatchObject({ code: 0 });
          const status = JSON.parse(line.slice("end ".length));
          expect(status).toMatchObject({ state: "finished", done: rows, accepted: rows - 60, rejected: 60 });
          const app = await openApp(database.url, { plugins: [crmCore()] });
          expect(await app.me.entities.contact.count()).toBe(rows - 60);
          const { groups } = {
            groups: await app.me.entities.contact.aggregate({
              measures: { n: { countDistinct: "externalId" } },
            }),
          };
          expect(groups).toEqual([{ n: rows - 60 }]);
          expect((await importStatus(app.me, status.id)).state).toBe("finished");
          await app.crm.stop();
        } finally {
          rmSync(folder, { recursive: true, force: true });
          await database.drop();
        }
      },
      120_000,
    );
  }
});
