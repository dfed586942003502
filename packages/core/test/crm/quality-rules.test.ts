import {
  contact,
  contribute,
  crmCore,
  definePlugin,
  defineRole,
  qualityCheck,
  qualityRule,
  qualityRules,
} from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { expect, test } from "vitest";

const steward = defineRole({
  name: "steward",
  entities: {
    contact: { read: "all", fields: { birthday: "none", phone: "masked" } },
    qualityRule: { read: "all", create: "all", update: "all" },
    qualityCheck: { read: "all" },
  },
  permissions: ["qualityCheck.start"],
});
const titles = definePlugin({
  name: "rules",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  setup: () => ({
    contributes: [
      contribute(qualityRules, { name: "title", entity: "contact", kind: "incomplete", fields: ["title"] }),
    ],
  }),
});

test("of fields that he does not see nobody makes a rule: how much it finds would tell of them", async () => {
  const app = await createTestCrm({ plugins: [crmCore()], roles: [steward] });
  await app.me.repo(contact).create({ lastName: "Ada", birthday: "1990-01-01", phone: "030 901820" });
  const actor = { kind: "user", id: app.me.newId() } as const;
  const rules = app.crm.as({ actor, tenant: "test", roles: ["steward"] }).repo(qualityRule);
  const rule = { name: "x", entity: "contact", kind: "incomplete" } as const;
  const told = (change: object) =>
    rules.create({ ...rule, fields: ["title"], ...change }).then(
      () => "made",
      ({ message }: Error) => message,
    );
  const like = (words: string) => words.replaceAll("birthday", "colour").replaceAll("phone", "colour");
  const unknown = await told({ where: { colour: "1990-01-01" } });
  expect(like(await told({ where: { birthday: "1990-01-01" } }))).toBe(unknown);
  expect(like(await told({ where: { not: { phone: { startsWith: "+49" } } } }))).toBe(unknown);
  expect(like(await told({ fields: ["birthday"] }))).toBe(await told({ fields: ["colour"] }));
  expect(like(await told({ kind: "stale", fields: null, days: 1, by: "birthday" }))).toBe(
    await told({ kind: "stale", fields: null, days: 1, by: "colour" }),
  );
  expect(await told({})).toBe("made");
  await app.crm.stop();
});

test("two rules of one name stop the checks of their own entity alone", async () => {
  const app = await createTestCrm({ plugins: [crmCore(), titles()] });
  const rules = app.me.repo(qualityRule);
  await rules.createMany([
    { name: "title", entity: "contact", kind: "incomplete", fields: ["email"] },
    { name: "site", entity: "account", kind: "incomplete", fields: ["website"] },
  ]);
  const begun = [];
  for (const entity of ["contact", "account"])
    begun.push((await app.me.entities.qualityCheck.start({ entity })).checkId);
  await runJobs(app, { for: { minutes: 1 } });
  const states = [];
  for (const id of begun) states.push((await app.me.repo(qualityCheck).get(id)).state);
  expect(states).toEqual(["failed", "finished"]);
  await app.crm.stop();
});
