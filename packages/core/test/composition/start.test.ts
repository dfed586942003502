import { account, after, createCrm, crmCore, defineEntity, extendEntity, reference } from "@corm/core";
import { sqlite } from "@corm/core/knex";
import Type from "typebox";
import { expect, it } from "vitest";
import { plugin, problemsOf, simple } from "./refused.js";

const options = { storage: sqlite(":memory:"), plugins: [crmCore()] };

it.each<[string, object, RegExp]>([
  ["pluginz", { pluginz: [] }, /no option "pluginz"\. It takes storage, plugins, .*onError/],
  ["storage", { storage: undefined }, /needs "storage", for example sqlite\(":memory:"\)/],
  ["plugins", { plugins: crmCore() }, /"plugins" is a list, such as \[crmCore\(\)\]/],
  ["currency", { currency: "EURO" }, /"EURO" is not an ISO 4217 currency code/],
  ["secret", { secret: "short" }, /"secret" needs at least 32 characters/],
  ["migrate", { migrate: "aply" }, /"migrate" is "apply", "check" or "off", not "aply"/],
  ["allowDataLoss", { allowDataLoss: "lead.score" }, /"allowDataLoss" is a list of names/],
  ["tenant", { tenant: "a b" }, /A tenant is 1 to 64 letters/],
  ["onError", { onError: "log" }, /"onError" is a function/],
])("refuses options that cannot be meant: %s", async (_, wrong, message) => {
  await expect(createCrm({ ...options, ...wrong } as never)).rejects.toThrowError(message);
  await expect(createCrm({ ...options, ...wrong } as never)).rejects.toMatchObject({
    code: "invalid-crm-options",
  });
});

it("refuses sessions without a tenant or an actor", async () => {
  const crm = await createCrm({ storage: sqlite(":memory:"), plugins: [crmCore()] });
  const actor = { kind: "user", id: "u" } as const;
  for (const tenant of ["", "a b", "a\n", "x".repeat(65), "../up", 7, undefined]) {
    expect(() => crm.as({ actor, tenant: tenant as string })).toThrowError(/^A tenant is 1 to 64/);
  }
  expect(() => crm.as({ tenant: "t" } as never)).toThrowError(/needs an actor/);
  expect(() => crm.system({ tenant: "t" } as never)).toThrowError(/reason/);
  await crm.stop();
});

it("reports everything that is wrong at once", async () => {
  const job = defineEntity("job", { fields: { accountId: reference("acount"), id: Type.String() } });
  const problems = await problemsOf(
    crmCore(),
    plugin(
      "a",
      { entities: { job }, hooks: [after(simple("ship"), "create", { name: "a.x" }, () => {})] },
      { requires: { missing: "^1.0" } },
    ),
    plugin("b", { entities: { job: simple("job") }, extends: { account: extendEntity(account, {}) } }),
    plugin("c", {}, { requires: { d: "^1.0" } }),
    plugin("d", {}, { requires: { c: "^1.0" } }),
  );
  const about = [
    "missing",
    "c -> d -> c",
    "both declare the entity",
    "without declaring it",
    '"job.id"',
    "acount",
    "ship",
  ];
  expect(problems).toHaveLength(about.length);
  for (const words of about) expect(problems.filter((problem) => problem.includes(words))).toHaveLength(1);
});

it("touches no database before everything fits", async () => {
  let opened = 0;
  const storage = Object.assign(sqlite(":memory:"), {
    open: async () => {
      opened += 1;
    },
  });
  await expect(
    createCrm({ storage, plugins: [plugin("a", {}, { requires: { b: "^1.0" } })] }),
  ).rejects.toThrow();
  expect(opened).toBe(0);
});
