import { contact, contactPoint, crmCore, defineRole, duplicatePair, matchRule } from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { expect, test } from "vitest";
import { databases, storageAt } from "../support/databases.js";
import { reuse } from "../support/reused.js";

/** Reads all contacts and pairs; of phone numbers nothing, of e-mail addresses some letters, and no contact points. */
const clerk = defineRole({
  name: "clerk",
  entities: {
    contact: { read: "all", fields: { phone: "none", email: "masked" } },
    duplicatePair: { read: "all", update: "all" },
  },
});

test.each(reuse(databases))(
  "a pair that tells of a field is for those who see the field, however it was found: $name",
  async (database) => {
    if (!database.available) return;
    const { url, drop } = await database.create();
    const app = await createTestCrm({
      plugins: [crmCore()],
      roles: [clerk],
      storage: storageAt(url),
      country: "DE",
    });
    const { crm, me, clock } = app;
    const his = crm.as({ actor: { kind: "user", id: me.newId() }, tenant: "test", roles: ["clerk"] });
    const seen = async (session: typeof his) =>
      (await session.repo(duplicatePair).find()).items.map(({ rule }) => rule).sort();
    const rule = (name: string, field: string | string[]) =>
      me
        .repo(matchRule)
        .create({ name, entity: "contact", policy: "report", when: { field, by: "normalized" } as never });
    await rule("city", "city");
    await rule("phone", "phone");
    await rule("email", "email");
    await rule("points", "contactPoint.phone");
    const make = async (first: object, second: object) =>
      (
        await me.repo(contact).createMany([
          { lastName: "A", ...first },
          { lastName: "B", ...second },
        ])
      ).map(({ id }) => id) as [string, string];
    const pairs = async () => {
      await make({ city: "Ulm" }, { city: "Ulm" });
      await make({ phone: "030 901820" }, { phone: "030 901820" });
      await make({ email: "a@x.example" }, { email: "a@x.example" });
      const [one, other] = await make({}, {});
      for (const contactId of [one, other])
        await me.repo(contactPoint).create({ kind: "phone", value: "030 901821", contactId });
    };
    await pairs();
    // The two of one number match by two rules, of which a pair names one.
    const all = ["city", "email", expect.stringMatching(/^p/), "points"];
    expect(await seen(me as never)).toEqual(all);
    expect(await seen(his)).toEqual(["city"]);

    // And what a scan finds.
    const system = crm.system({ tenant: "test", reason: "pairs of a test" });
    for (const id of (await system.repo(duplicatePair).find()).items.map((pair) => pair.id))
      await system.repo(duplicatePair).purge(id);
    await me.entities.duplicateScan.start({ entity: "contact" });
    await runJobs({ crm, clock }, { for: { minutes: 5 } });
    expect(await seen(me as never)).toEqual(all);
    expect(await seen(his)).toEqual(["city"]);
    const hidden = (await me.repo(duplicatePair).find({ where: { rule: { ne: "city" } } })).items;
    for (const { id } of hidden)
      await expect(his.repo(duplicatePair).update(id, { state: "dismissed" })).rejects.toMatchObject({
        code: "not-found",
      });
    await crm.stop();
    await drop();
  },
);
