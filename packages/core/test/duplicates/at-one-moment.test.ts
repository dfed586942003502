import { account, contact, crmCore, matchRule } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { describe, expect, test } from "vitest";
import { databases, storageAt, suiteName } from "../support/databases.js";

for (const database of databases) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    async function open() {
      const { url, drop } = await database.create();
      const app = await createTestCrm({ plugins: [crmCore()], storage: storageAt(url) });
      const close = async () => {
        await app.crm.stop();
        await drop();
      };
      return { ...app, url, close };
    }

    test("of two saves at one moment that a rule takes for the same, one wins", async () => {
      const { me, close } = await open();
      const either = {
        or: [
          { field: "phone", by: "normalized" },
          { field: "email", by: "normalized" },
        ],
      };
      await me
        .repo(matchRule)
        .create({ name: "one", entity: "contact", policy: "block", when: either as never });
      for (let round = 0; round < 5; round++) {
        const phone = `+49301234560${round}`;
        const saves = Array.from({ length: 8 }, (_, i) =>
          me.repo(contact).create({ lastName: `Twin ${i}`, phone, email: `t${i}-${round}@example.com` }),
        );
        const ends = await Promise.allSettled(saves);
        expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
        for (const end of ends)
          if (end.status === "rejected")
            expect(end.reason).toMatchObject({ code: "duplicate-found", status: 409 });
        expect(await me.repo(contact).count({ phone })).toBe(1);
      }
      await close();
    });

    test("an update and a create at one moment cannot both have the key", async () => {
      const { me, close } = await open();
      await me.repo(matchRule).create({
        name: "name",
        entity: "account",
        policy: "block",
        when: { field: "name", by: "normalized" },
      });
      const accounts = me.repo(account);
      for (let round = 0; round < 5; round++) {
        const { id } = await accounts.create({ name: `Other ${round}` });
        const ends = await Promise.allSettled([
          accounts.update(id, { name: `Acme ${round} GmbH` }),
          accounts.create({ name: `ACME ${round}` }),
        ]);
        expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      }
      await close();
    });

    test("of saves at one moment that a fuzzy rule takes for the same, one wins, also in several processes", async () => {
      const { me, url, close } = await open();
      const inMemory = url.includes(":memory:");
      const other = inMemory
        ? undefined
        : await createTestCrm({ plugins: [crmCore()], storage: storageAt(url), seed: 2 });
      const alike = { field: "name", by: "fuzzy", score: 0.8 } as const;
      await me
        .repo(matchRule)
        .create({ name: "alike", entity: "account", policy: "block", when: alike as never });
      const sessions = [me, ...(other ? [other.me] : [])];
      const ends = async (saves: readonly Promise<unknown>[]) => {
        const settled = await Promise.allSettled(saves);
        for (const end of settled)
          if (end.status === "rejected") expect(end.reason).toMatchObject({ code: "duplicate-found" });
        return settled.filter(({ status }) => status === "fulfilled").length;
      };
      for (const [round, town] of [
        "Northwind",
        "Ferngully",
        "Oakbridge",
        "Stonehaven",
        "Maplewood",
      ].entries()) {
        const saves = Array.from({ length: 8 }, (_, i) =>
          (sessions[i % sessions.length] as typeof me)
            .repo(account)
            .create({ name: `${town} ${town.slice(0, 5)}${"abcdefgh"[i]}` }),
        );
        expect(await ends(saves)).toBe(1);
        const { id } = await me
          .repo(account)
          .create({ name: ["Zebra", "Quill", "Vortex", "Bamboo", "Cinder"][round] as string });
        const [left, right] = [`${town}ville ${town}tons`, `${town}ville ${town}ton`];
        const [first, last] = [sessions[0] as typeof me, sessions.at(-1) as typeof me];
        expect(
          await ends([
            first.repo(account).update(id, { name: left }),
            last.repo(account).create({ name: right }),
          ]),
        ).toBe(1);
      }
      await other?.crm.stop();
      await close();
    });
  });
}
