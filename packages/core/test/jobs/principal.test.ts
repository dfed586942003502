import {
  type AnyPlugin,
  crmCore,
  defineJob,
  definePlugin,
  identityOfUser,
  issueApiKey,
  type Role,
  revokeApiKey,
  user,
} from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import Type from "typebox";
import { beforeEach, expect, it } from "vitest";

const seen: unknown[] = [];
beforeEach(() => void seen.splice(0));

const input = Type.Object({});
const mine = defineJob("clerk.mine", {
  input,
  run: async (ctx) => void seen.push([ctx.actor.kind, ctx.userId, ctx.roles, await ctx.repo(user).count()]),
});
const system = defineJob("clerk.system", {
  input,
  capability: "clerk.tidy",
  run: async (ctx) => void seen.push([ctx.actor, ctx.userId, await ctx.repo(user).count()]),
});
const plugins = [
  crmCore(),
  definePlugin({
    name: "clerk",
    version: "1.0.0",
    corm: "^0.1",
    setup: () => ({ jobs: [mine, system], capabilities: { "clerk.tidy": "Tidies up" } }),
  })(),
] as const;

async function start() {
  const app = await createTestCrm({ plugins });
  const { id } = await app.me.entities.user.create({ name: "Ada" });
  const { entities } = app.crm.system({ tenant: "test", reason: "test" });
  const assignment = await entities.roleAssignment.create({ userId: id, role: "admin" });
  const ada = app.crm.as(await identityOfUser(app.crm, { tenant: "test", userId: id }));
  const outcome = async (): Promise<string | undefined> => (await app.crm.worker().run())[0]?.outcome;
  return { ...app, id, ada, assignment, outcome };
}

it("keeps a job of a key to the scopes that the key has by then, and one of a narrowed user to his", async () => {
  const { crm, me, id, outcome } = await start();
  const { record } = await issueApiKey(me, { name: "k", roles: ["admin"], scopes: ["user:read"] });
  const identity = { actor: { kind: "apiKey" as const, id: record.id }, tenant: "test", roles: ["admin"] };
  await crm.as({ ...identity, scopes: ["user:read"] }).jobs.enqueue(mine, {});
  await me.entities.apiKey.update(record.id, { scopes: ["account:read"] });
  expect(await outcome()).toBe("failed");
  const he = crm.as({
    ...(await identityOfUser(crm, { tenant: "test", userId: id })),
    scopes: ["account:read"],
  });
  await he.jobs.enqueue(mine, {});
  expect(await outcome()).toBe("failed");
  expect(seen).toEqual([]);
  await crm.stop();
});

it("runs a job with the rights that its maker has by then", async () => {
  const { crm, me, id, ada, assignment, outcome } = await start();
  await ada.jobs.enqueue(mine, {});
  expect(await outcome()).toBe("done");
  expect(seen).toEqual([["user", id, ["admin"], 1]]);
  await ada.jobs.enqueue(mine, {});
  await me.entities.roleAssignment.delete(assignment.id);
  // He may get them back: it is tried again.
  expect(await outcome()).toBe("failed");
  expect(seen).toHaveLength(1);
  await crm.stop();
});

it.each(["suspended", "deleted", "purged"])("refuses the job of a user who was %s", async (how) => {
  const { crm, me, id, ada, outcome } = await start();
  const made = await ada.jobs.enqueue(mine, {});
  if (how === "suspended") await me.entities.user.update(id, { active: false });
  else await me.entities.user.delete(id);
  if (how === "purged") await me.entities.user.purge(id);
  expect(await outcome()).toBe("dead");
  expect(seen).toEqual([]);
  expect((await me.jobs.get(made.id)).error).toContain("job-refused");
  await crm.stop();
});

it("runs the job of an API key while the key holds", async () => {
  const { crm, me, outcome } = await start();
  const { record } = await issueApiKey(me, { name: "k", roles: ["admin"] });
  const key = crm.as({ actor: { kind: "apiKey", id: record.id }, tenant: "test", roles: ["admin"] });
  await key.jobs.enqueue(mine, {});
  expect(await outcome()).toBe("done");
  await key.jobs.enqueue(mine, {});
  await revokeApiKey(me, record.id);
  expect(await outcome()).toBe("dead");
  expect(seen).toEqual([["apiKey", undefined, ["admin"], 1]]);
  await crm.stop();
});

it("takes the roles of a host's own users by their names", async () => {
  const { crm, me, outcome } = await start();
  const host = (roles: readonly (string | Role)[]) =>
    crm.as({ actor: { kind: "user", id: "u-1" }, tenant: "test", roles });
  await host(["admin"]).jobs.enqueue(mine, {});
  expect(await outcome()).toBe("done");
  const made = await host([
    { name: "own", label: "Own", entities: { "*": { read: "all" } }, permissions: [] },
  ]).jobs.enqueue(mine, {});
  expect(await outcome()).toBe("dead");
  expect((await me.jobs.get(made.id)).error).toContain("look up");
  await crm.stop();
});

it("gives a job with a capability the rights of the system, and tells in whose name", async () => {
  const { crm, id, ada, outcome } = await start();
  await ada.jobs.enqueue(system, {});
  expect(await outcome()).toBe("done");
  const actor = { kind: "system", capability: "clerk.tidy", reason: "job clerk.system" };
  expect(seen).toEqual([[actor, id, 1]]);
  await crm.stop();
});

it("runs nothing with a capability that the app withholds", async () => {
  const app = await createTestCrm({ plugins: plugins as unknown as AnyPlugin[], withhold: ["clerk.tidy"] });
  await app.me.jobs.enqueue(system, {});
  expect((await app.crm.worker().run())[0]?.outcome).toBe("dead");
  expect(seen).toEqual([]);
  await app.crm.stop();
});

it("keeps what the job was made in, and the request, in the journal of what it writes", async () => {
  const writes = defineJob("clerk.writes", {
    input,
    transactional: true,
    run: async (ctx) => {
      await ctx.repo(user).create({ name: "Grace" });
      if ((await ctx.repo(user).count()) < 3) await ctx.jobs.enqueue(writes, {});
    },
  });
  const plugin = definePlugin({
    name: "clerk",
    version: "1.0.0",
    corm: "^0.1",
    setup: () => ({ jobs: [writes] }),
  });
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), plugin()] });
  const session = crm.as({ actor: me.actor, tenant: "test", roles: ["admin"], requestId: "r-1" });
  await session.jobs.enqueue(writes, {});
  expect((await crm.worker().run()).map(({ outcome }) => outcome)).toEqual(["done", "done", "done"]);
  const { items } = await me.changes();
  const last = items.at(-1);
  expect([last?.cause, last?.requestId]).toEqual([["clerk.writes", "user.create"], "r-1"]);
  await crm.stop();
});
