import {
  type Attachment,
  account,
  attachment,
  attachments,
  type Context,
  contact,
  crmCore,
  defineRole,
  deleteTenant,
  eraseSubject,
  exportSubject,
  FileMissing,
  grant,
  note,
  tag,
  tagging,
  user,
} from "@corm/core";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { sweepTenantFiles } from "../../src/crm/jobs/sweep-files.js";
import { onDatabases } from "../support/apps.js";
import { toys } from "../support/toys.js";

const children = {
  read: "parent",
  create: "parent",
  update: "parent",
  delete: "parent",
  purge: "parent",
} as const;
const rep = defineRole({
  name: "rep",
  entities: {
    ...grant(account, { read: "own", create: "own", update: "own" }),
    ...grant(contact, { read: ["own", "parent"], create: "own", update: "own", delete: "own" }),
    ...grant(attachment, children),
    ...grant(note, children),
    ...grant(tagging, children),
    ...grant(tag, { read: "all" }),
  },
  permissions: ["tag.apply"],
});

const read = async (bytes: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks).toString();
};
const text = (words: string, name = "a.txt") => ({
  name,
  bytes: Buffer.from(words),
  contentType: "text/plain",
});
const filesOf = async (ctx: Context): Promise<number> => {
  const { files } = (
    ctx as unknown as { runtime: { files: { list(folder: string): AsyncIterable<unknown> } } }
  ).runtime;
  const { fileFolder } = await import("../../src/files/file-store.js");
  let count = 0;
  for await (const _ of files.list(fileFolder(ctx.tenant))) count += 1;
  return count;
};

async function analyze(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("analyze");
  await client.end();
}

onDatabases({ plugins: [crmCore(), toys()], roles: [rep] }, (app, database) => {
  const scene = async () => {
    const system = app().fresh();
    const [ada, bob] = await system.repo(user).createMany([{ name: "Ada" }, { name: "Bob" }]);
    const as = (id: string | undefined) =>
      app().crm.as({ actor: { kind: "user", id: id as string }, tenant: system.tenant, roles: ["rep"] });
    return { system, ada: as(ada?.id), bob: as(bob?.id) };
  };
  const attached = async (ctx: Context, id: string, words = "hello"): Promise<Attachment> =>
    ctx.service(attachments).attach({ entity: contact, id }, text(words));

  describe("a file on a record", () => {
    it("is read and written by whoever reads the record, on every path, and by nobody else", async () => {
      const { system, ada, bob } = await scene();
      const firm = await ada.entities.account.create({ name: "Firm" });
      const mine = await ada.entities.contact.create({ lastName: "Hopper", accountId: firm.id });
      const file = await attached(ada, mine.id);
      expect(file).toMatchObject({ name: "a.txt", size: 5, contentType: "text/plain", entity: "contact" });
      expect(await read((await ada.service(attachments).open(file.id)).bytes)).toBe("hello");
      // Hidden in every way that there is.
      await expect(bob.service(attachments).open(file.id)).rejects.toMatchObject({ code: "not-found" });
      await expect(bob.repo(attachment).get(file.id)).rejects.toMatchObject({ code: "not-found" });
      await expect(bob.repo(attachment).update(file.id, { name: "b" })).rejects.toMatchObject({
        code: "not-found",
      });
      await expect(bob.repo(attachment).delete(file.id)).rejects.toMatchObject({ code: "not-found" });
      expect((await bob.repo(attachment).find()).items).toEqual([]);
      expect(await bob.repo(attachment).count({ entity: "contact" })).toBe(0);
      expect(await bob.repo(attachment).aggregate({ measures: { n: { count: true } } })).toEqual([{ n: 0 }]);
      expect(
        (await bob.repo(attachment).find({ where: { entity: "contact", recordId: mine.id } })).items,
      ).toEqual([]);
      await expect(attached(bob, mine.id)).rejects.toMatchObject({ code: "validation-failed" });
      const issues = (id: string): Promise<string> =>
        attached(bob, id).then(JSON.stringify, (error) => JSON.stringify(error.issues));
      const hidden = await issues(mine.id);
      const absent = "00000000-0000-7000-8000-00000000dead";
      const none = await issues(absent);
      expect(hidden.replaceAll(mine.id, "*")).toBe(none.replaceAll(absent, "*"));
      expect(await filesOf(system)).toBe(1);
      // Through the record that its record hangs on.
      await system.entities.contact.update(mine.id, { ownerId: null });
      expect((await ada.repo(attachment).get(file.id)).id).toBe(file.id);
      const { allowed, paths } = await ada.explainAccess(attachment, file.id, "read");
      expect([allowed, paths[0]?.because]).toEqual([
        true,
        `hangs on the contact ${mine.id}, which the actor may read`,
      ]);
      expect((await bob.explainAccess(attachment, file.id, "read")).allowed).toBe(false);
    });

    it("F59 E52 is of bytes that were uploaded, and of nothing that its maker claims", async () => {
      const { system, ada } = await scene();
      const { id } = await ada.entities.contact.create({ lastName: "Hopper" });
      const { ticket } = await ada.service(attachments).upload(text("x", "../../etc/passwd"));
      const make = (input: object) =>
        ada.repo(attachment).create({ entity: "contact", recordId: id, name: "x", ...input } as never);
      const made = await make({ key: ticket, size: 99, sha256: "0".repeat(64), contentType: "text/html" });
      expect(made).toMatchObject({ size: 1, contentType: "text/plain" });
      expect(made.key).toMatch(/^[0-9a-f]{32}\/[0-9a-f-]{36}$/);
      for (const key of [made.key, "x", "../x", `${ticket}x`, ticket.slice(3)])
        await expect(make({ key })).rejects.toMatchObject({ code: "invalid-file-ticket" });
      await expect(make({ key: ticket })).rejects.toMatchObject({ code: "unique-violation" });
      const foreign = await app().fresh().service(attachments).upload(text("secret of others"));
      await expect(make({ key: foreign.ticket })).rejects.toMatchObject({ code: "invalid-file-ticket" });
      await expect(
        system
          .repo(attachment)
          .create({ entity: "contact", recordId: id, name: "x", key: made.key } as never),
      ).rejects.toMatchObject({ code: "invalid-file-ticket" });
      await expect(ada.repo(attachment).update(made.id, { key: foreign.ticket })).rejects.toMatchObject({
        code: "validation-failed",
      });
      const late = await ada.service(attachments).upload(text("late"));
      app().clock.advance({ days: 1, minutes: 1 });
      await expect(make({ key: late.ticket })).rejects.toMatchObject({ code: "invalid-file-ticket" });
    });

    it("hangs on records of entities that there are and that can be asked for", async () => {
      const { system } = await scene();
      const { id } = await system.entities.contact.create({ lastName: "Hopper" });
      const body = (entity: string, recordId = id) =>
        system.repo(note).create({ entity, recordId, body: "x" });
      await expect(body("nothing")).rejects.toMatchObject({ code: "validation-failed" });
      await expect(body("credential")).rejects.toMatchObject({ code: "validation-failed" });
      await expect(body("note")).rejects.toMatchObject({ code: "validation-failed" });
      await expect(body("account")).rejects.toMatchObject({
        issues: [{ pointer: "/recordId", code: "reference-not-found" }],
      });
      expect((await body("contact")).recordId).toBe(id);
    });

    it("moves to another record that the actor may see, and to no other", async () => {
      const { system, ada, bob } = await scene();
      const [from, to] = await ada.entities.contact.createMany([{ lastName: "A" }, { lastName: "B" }]);
      const his = await bob.entities.contact.create({ lastName: "C" });
      const file = await attached(ada, from?.id as string);
      await ada.repo(attachment).update(file.id, { recordId: to?.id as string });
      await expect(ada.repo(attachment).update(file.id, { recordId: his.id })).rejects.toMatchObject({
        code: "validation-failed",
      });
      expect((await system.repo(attachment).get(file.id)).recordId).toBe(to?.id);
    });

    it("goes into the bin, comes back and is purged with its record; then its bytes go, and not before", async () => {
      const { system, ada } = await scene();
      const { id } = await system.entities.contact.create({ lastName: "Hopper" });
      const file = await attached(system, id);
      await system.repo(note).create({ entity: "contact", recordId: id, body: "n" });
      await system.entities.contact.delete(id);
      await expect(system.repo(attachment).get(file.id)).rejects.toMatchObject({ code: "not-found" });
      await system.entities.contact.restore(id);
      expect(await read((await system.service(attachments).open(file.id)).bytes)).toBe("hello");
      const end = new Error("end");
      await expect(
        system.transaction(async (tx) => {
          await tx.entities.contact.purge(id);
          throw end;
        }),
      ).rejects.toBe(end);
      expect(await read((await system.service(attachments).open(file.id)).bytes)).toBe("hello");
      await system.entities.contact.purge(id);
      expect([
        await system.repo(attachment).count({}),
        await system.repo(note).count({}),
        await filesOf(ada),
      ]).toEqual([0, 0, 0]);
    });

    it("is too large where it is, and leaves nothing", async () => {
      const { system } = await scene();
      const { id } = await system.entities.contact.create({ lastName: "Hopper" });
      const file = { ...text("123456"), limit: 5 };
      await expect(system.service(attachments).attach({ entity: contact, id }, file)).rejects.toMatchObject({
        code: "file-too-large",
      });
      expect([await filesOf(system), await system.repo(attachment).count({})]).toEqual([0, 0]);
    });

    it("is stored before a transaction, and attached in it", async () => {
      const { system } = await scene();
      const file = await system.service(attachments).upload(text("pdf"));
      const made = await system.transaction(async (tx) => {
        await expect(tx.service(attachments).upload(text("x"))).rejects.toMatchObject({
          code: "transaction-misuse",
        });
        const { id } = await tx.repo(contact).create({ lastName: "Hopper" });
        return tx.service(attachments).attach({ entity: contact, id }, file);
      });
      expect(await read((await system.service(attachments).open(made.id)).bytes)).toBe("pdf");
    });

    it("says so where its bytes are gone", async () => {
      const { system } = await scene();
      const { id } = await system.entities.contact.create({ lastName: "Hopper" });
      const file = await attached(system, id);
      await (
        system as never as { runtime: { files: { remove(keys: string[]): Promise<void> } } }
      ).runtime.files.remove([file.key]);
      await expect(system.service(attachments).open(file.id)).rejects.toSatisfy(FileMissing.is);
    });
  });

  describe("the sweep", () => {
    it("removes what nobody attached after two days, and no file that a record has, in the bin or out of it", async () => {
      const { system } = await scene();
      const { id } = await system.entities.contact.create({ lastName: "Hopper" });
      const [kept, binned] = [await attached(system, id, "kept"), await attached(system, id, "binned")];
      await system.repo(attachment).delete(binned.id);
      await system.service(attachments).upload(text("nobody's"));
      expect(await sweepTenantFiles(system)).toEqual({ seen: 3, removed: 0 });
      app().clock.advance({ days: 3 });
      await system.service(attachments).upload(text("new"));
      expect(await sweepTenantFiles(system)).toEqual({ seen: 4, removed: 1 });
      expect(await read((await system.service(attachments).open(kept.id)).bytes)).toBe("kept");
      await system.repo(attachment).restore(binned.id);
      expect(await read((await system.service(attachments).open(binned.id)).bytes)).toBe("binned");
    });
  });

  describe("O119 O121 erasure", () => {
    it("takes the files, notes and tags of a person and of what is kept of him, bytes and all; others keep theirs", async () => {
      const { system } = await scene();
      const [ada, bob] = await system.entities.contact.createMany([{ lastName: "Ada" }, { lastName: "Bob" }]);
      const visit = await system.entities.activity.create({
        kind: "visit",
        subject: "s",
        contactId: ada?.id as string,
      });
      const his = await attached(system, ada?.id as string, "canary-file");
      const deep = await system
        .service(attachments)
        .attach({ entity: { name: "activity" }, id: visit.id }, text("canary-deep"));
      const others = await attached(system, bob?.id as string, "bob's");
      const word = await system.repo(tag).create({ name: "vip" });
      await system.repo(tagging).create({ tagId: word.id, entity: "contact", recordId: ada?.id as string });
      await system.repo(note).create({ entity: "contact", recordId: ada?.id as string, body: "canary-note" });
      const gone = await system
        .repo(note)
        .create({ entity: "contact", recordId: ada?.id as string, body: "canary-purged-note" });
      await system.repo(note).delete(gone.id);
      await system.repo(note).purge(gone.id);
      const person = { entity: "contact", id: ada?.id as string };
      const told: string[] = [];
      for await (const line of exportSubject(system, person)) told.push(line);
      const lines = told.map((line) => JSON.parse(line));
      const bytesOf = (id: string) =>
        Buffer.from(
          lines
            .filter((line) => line.type === "file" && line.id === id)
            .map((line) => line.base64)
            .join(""),
          "base64",
        ).toString();
      expect([bytesOf(his.id), bytesOf(deep.id)]).toEqual(["canary-file", "canary-deep"]);
      expect(told.join("")).toContain("canary-purged-note");
      expect(told.join("")).not.toContain(Buffer.from("bob's").toString("base64"));
      const certificate = await eraseSubject(system, person);
      expect(certificate.erased).toMatchObject({
        attachment: { deleted: 2 },
        note: { deleted: 1 },
        tagging: { deleted: 1 },
      });
      expect(await filesOf(system)).toBe(1);
      expect(await read((await system.service(attachments).open(others.id)).bytes)).toBe("bob's");
      expect(JSON.stringify(await app().storedJournal(system.tenant))).not.toContain("canary");
    });

    it("O118 of a tenant takes its files, and no other tenant's", async () => {
      const [one, two] = [(await scene()).system, (await scene()).system];
      for (const ctx of [one, two]) {
        const { id } = await ctx.entities.contact.create({ lastName: "Ada" });
        await attached(ctx, id);
        await ctx.service(attachments).upload(text("nobody's"));
      }
      await deleteTenant(app().crm, one.tenant);
      expect([await filesOf(one), await filesOf(two)]).toEqual([0, 2]);
    });
  });

  describe("tags", () => {
    const tagged = async () => {
      const { system, ada, bob } = await scene();
      const [vip, old] = await system.repo(tag).createMany([{ name: "vip" }, { name: "old" }]);
      const made = await ada.entities.contact.createMany(
        Array.from({ length: 1_000 }, (_, i) => ({ lastName: `n${i}` })),
      );
      return {
        system,
        ada,
        bob,
        vip: vip?.id as string,
        old: old?.id as string,
        records: made.map(({ id }) => id),
      };
    };

    it("go on a thousand records in one operation with one event, and a second time do nothing", async () => {
      const { system, ada, vip, old, records } = await tagged();
      const statements = async (work: () => Promise<unknown>) => {
        app().log.clear();
        const result = await work();
        return { result, count: app().log.asked.length };
      };
      const first = await statements(() =>
        ada.entities.tag.apply({ entity: "contact", records, add: [vip, old] }),
      );
      expect(first.result).toEqual({ added: 2_000, removed: 0 });
      expect(first.count).toBeLessThan(60);
      expect(
        (await statements(() => ada.entities.tag.apply({ entity: "contact", records, add: [vip] }))).result,
      ).toEqual({ added: 0, removed: 0 });
      expect(
        await ada.entities.tag.apply({
          entity: "contact",
          records: records.slice(0, 10),
          add: [vip],
          remove: [old],
        }),
      ).toEqual({ added: 0, removed: 10 });
      const events = (await app().storedJournal(system.tenant)).filter(
        ({ event }) => event === "tag.applied",
      );
      expect(events.length).toBe(2);
      // The server makes its plans by statistics, which it gathers by itself when it comes to it.
      if (database === "PostgreSQL") await analyze(app().url);
      const where = { taggings: { some: { tag: { name: "old" } } } } as never;
      expect(await ada.entities.contact.count(where)).toBe(990);
      expect(
        await ada.entities.contact.count({ taggings: { none: { tag: { name: "old" } } } } as never),
      ).toBe(10);
    }, 180_000);

    it("go on records that the actor may see, all or none; two at once add each once", async () => {
      const { ada, bob, vip, records } = await tagged();
      const some = records.slice(0, 20);
      await expect(
        bob.entities.tag.apply({ entity: "contact", records: some, add: [vip] }),
      ).rejects.toMatchObject({ code: "validation-failed" });
      const results = await Promise.all(
        [1, 2, 3].map(() => ada.entities.tag.apply({ entity: "contact", records: some, add: [vip] })),
      );
      expect(results.map(({ added }) => added).sort()).toEqual([0, 0, 20]);
      await expect(
        ada.entities.tag.apply({ entity: "contact", records: some, add: [vip], remove: [vip] }),
      ).rejects.toMatchObject({ code: "validation-failed" });
    });
  });

  it("notes and files stand on the timeline of what they hang on", async () => {
    const { ada } = await scene();
    const { id } = await ada.entities.contact.create({ lastName: "Hopper" });
    const other = await ada.entities.contact.create({ lastName: "Other" });
    await attached(ada, id);
    await ada
      .repo(note)
      .create({ entity: "contact", recordId: id, title: "Call", body: "asked for a price" });
    const { items } = await ada.entities.contact.timeline(id);
    expect(items.map(({ kind, title }) => [kind, title]).sort()).toEqual([
      ["attachment", "a.txt"],
      ["note", "Call"],
    ]);
    expect((await ada.entities.contact.timeline(other.id)).items).toEqual([]);
  });
});
