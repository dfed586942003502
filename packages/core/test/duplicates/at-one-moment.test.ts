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
      return { ...app, close };
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
  });
}
