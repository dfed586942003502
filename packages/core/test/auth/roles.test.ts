import { crmCore, defineRole, identityOfUser, role, roleAssignment, user } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stored } from "../abuse/support/written.js";

/** May manage roles and users, and beside that read accounts. */
const desk = defineRole({
  name: "desk",
  entities: {
    account: { read: "all" },
    user: { read: "all", create: "all", update: "all", delete: "all" },
    role: { read: "all", create: "all", update: "all", delete: "all", purge: "all" },
    roleAssignment: { read: "all", create: "all", update: "all", delete: "all", purge: "all" },
  },
  permissions: ["role.manage", "user.invite"],
});
/** The same without the permission. */
const clerk = defineRole({ ...desk, name: "clerk", permissions: [] });

const start = () => createTestCrm({ plugins: [crmCore()], roles: [desk, clerk] });
let app: Awaited<ReturnType<typeof start>>;
let ids: Record<"boss" | "ann" | "bob", string>;
beforeAll(async () => {
  app = await start();
  const users = app.me.repo(user);
  const make = async (name: string) => (await users.create({ name, email: `${name}@example.org` })).id;
  ids = { boss: await make("boss"), ann: await make("ann"), bob: await make("bob") };
  await app.me.repo(roleAssignment).create({ userId: ids.boss, role: "admin" });
  await app.me.repo(roleAssignment).create({ userId: ids.ann, role: "desk" });
});
afterAll(() => app.crm.stop());

const as = async (userId: string) => app.crm.as(await identityOfUser(app.crm, { tenant: "test", userId }));

async function refused(code: string, work: () => Promise<unknown>): Promise<void> {
  const before = await stored(app.crm as never);
  await expect(work()).rejects.toMatchObject({ code });
  expect(await stored(app.crm as never)).toBe(before);
}

it("nobody gives a role that allows more than he has, to others or to himself", async () => {
  const ann = await as(ids.ann);
  for (const userId of [ids.ann, ids.bob])
    await refused("rights-exceeded", () => ann.repo(roleAssignment).create({ userId, role: "admin" }));
  await refused("rights-exceeded", () =>
    ann.repo(role).create({ name: "big", label: "Big", entities: { contact: { read: "all" } } }),
  );
  await refused("rights-exceeded", () =>
    ann.repo(role).create({ name: "big", label: "Big", entities: { "*": { read: "all" } } }),
  );
  await refused("rights-exceeded", () =>
    ann.repo(role).create({ name: "big", label: "Big", permissions: ["apiKey.manage"] }),
  );
  await refused("rights-exceeded", () =>
    ann
      .repo(role)
      .create({ name: "big", label: "Big", entities: { account: { read: "all", sensitive: "read" } } }),
  );
  const small = await ann
    .repo(role)
    .create({ name: "small", label: "Small", entities: { account: { read: "own" } } });
  await refused("rights-exceeded", () =>
    ann.repo(role).update(small.id, { entities: { account: { read: "all", update: "all" } } }),
  );
  await ann.repo(roleAssignment).create({ userId: ids.bob, role: "small" });
  expect((await identityOfUser(app.crm, { tenant: "test", userId: ids.bob })).roles).toMatchObject([
    { name: "small" },
  ]);
});

it("nobody takes a role away that is beyond his own, nor weakens it", async () => {
  const ann = await as(ids.ann);
  const made = await app.me
    .repo(role)
    .create({ name: "chief", label: "Chief", entities: { "*": { read: "all" } } });
  await refused("rights-exceeded", () => ann.repo(role).update(made.id, { entities: {} }));
  await refused("rights-exceeded", () => ann.repo(role).delete(made.id));
  const given = await app.me.repo(roleAssignment).first({ where: { userId: ids.boss } });
  await refused("rights-exceeded", () => ann.repo(roleAssignment).delete(given?.id as string));
});

it("nobody becomes somebody who may do more, by his address, his key elsewhere, or his absence", async () => {
  const ann = await as(ids.ann);
  for (const patch of [{ email: "ann+boss@example.org" }, { externalId: "ann" }, { active: false }])
    await refused("rights-exceeded", () => ann.repo(user).update(ids.boss, patch));
  await refused("rights-exceeded", () => ann.repo(user).delete(ids.boss));
  await ann.repo(user).update(ids.boss, { name: "The boss" });
  await ann.repo(user).update(ids.bob, { email: "bob2@example.org" });
});

it("without the permission, grants on the records of roles are worth nothing", async () => {
  await app.me.repo(roleAssignment).create({ userId: ids.bob, role: "clerk" });
  const bob = await as(ids.bob);
  await refused("forbidden", () => bob.repo(roleAssignment).create({ userId: ids.bob, role: "desk" }));
  await refused("forbidden", () => bob.repo(role).create({ name: "mine", label: "Mine" }));
});

it("names that are not there are told with their place", async () => {
  const make = (input: object) =>
    app.me.repo(role).create({ name: "wrong", label: "Wrong", ...input } as never);
  for (const [input, pointer] of [
    [{ entities: { acount: { read: "all" } } }, "/entities/acount"],
    [{ entities: { account: { fields: { nmae: "read" } } } }, "/entities/account/fields/nmae"],
    [{ entities: { account: { read: "everything" } } }, "/entities/account/read"],
    [{ entities: { account: { raed: "all" } } }, "/entities/account/raed"],
    [{ entities: { account: { read: "all", only: { nmae: "x" } } } }, "/entities/account/only"],
    [{ entities: { account: { read: ["all", 7] } } }, "/entities/account/read"],
    [{ entities: { account: { read: "all", only: "x" } } }, "/entities/account/only"],
    [{ entities: { account: { fields: { name: "sometimes" } } } }, "/entities/account/fields/name"],
    [{ entities: { account: 1 } }, "/entities/account"],
    [{ entities: { "*": { fields: { name: "read" } } } }, "/entities/*/fields/name"],
    [{ entities: { "*": { read: "all", only: { name: "x" } } } }, "/entities/*/only"],
    [{ entities: { role: { read: "own" } } }, "/entities/role/read"],
    [{ entities: { apiKey: { fields: { hash: "read" } } } }, "/entities/apiKey/fields/hash"],
    [{ entities: [] }, "/entities"],
    [{ permissions: ["lead.fly"] }, "/permissions/0"],
    [{ permissions: ["role.manage", 7] }, "/permissions/1"],
    [{ permissions: { length: 1 } }, "/permissions"],
    [{ name: "admin" }, "/name"],
    [{ name: "desk" }, "/name"],
  ] as const) {
    const error = await make(input).catch((thrown: unknown) => thrown);
    expect((error as { status: number }).status, pointer).toBe(422);
    expect((error as { issues: { pointer: string }[] }).issues.map((issue) => issue.pointer)).toContain(
      pointer,
    );
  }
  await refused("validation-failed", () =>
    app.me.repo(roleAssignment).create({ userId: ids.bob, role: "none" }),
  );
});

it("a role of a tenant is told the same as one in code", async () => {
  const wrong = {
    name: "wrong",
    label: "Wrong",
    entities: {
      acount: { read: "all" },
      account: { raed: "all", read: "al", fields: { nmae: "read" }, only: { nmae: "x" } },
      role: { read: "own" },
      "*": { only: {} },
    },
    permissions: ["role.mange"],
  };
  const error: unknown = await app.me
    .repo(role)
    .create(wrong as never)
    .catch((thrown: unknown) => thrown);
  const { issues } = error as { issues: { pointer: string; code: string; message: string }[] };
  const atStart: unknown = await createTestCrm({ plugins: [crmCore()], roles: [wrong as never] }).catch(
    (thrown: unknown) => thrown,
  );
  const { problems } = (atStart as { meta: { problems: string[] } }).meta;
  expect(issues.map(({ pointer, message }) => `role "wrong": ${pointer} ${message}`)).toEqual(problems);
  expect(issues.map(({ code }) => code)).toEqual([
    "unknown-permission",
    "unknown-entity",
    "unknown-right",
    "unknown-reach",
    "unknown-field",
    "unknown-field",
    "reaches-nothing",
    "no-fields",
  ]);
  expect(problems[1]).toContain('"acount" is no entity of this app, did you mean "account"?');
});
