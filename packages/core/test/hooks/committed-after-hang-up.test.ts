import { account, after, committed, crmCore, definePlugin, each } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";

it("runs committed hooks also when the caller has hung up meanwhile", async () => {
  const caller = new AbortController();
  const plugin = definePlugin({
    name: "welcome",
    version: "1.0.0",
    corm: "^0.1",
    setup: () => ({
      hooks: [
        committed(account, "create", { name: "welcome.hang-up" }, async () => caller.abort()),
        committed(
          account,
          "create",
          { name: "welcome.greet" },
          each(async ({ row }, ctx) => {
            await ctx.repo(account).update(row.id, { industry: "greeted" });
          }),
        ),
      ],
    }),
  });
  const { crm, me, errors } = await createTestCrm({ plugins: [crmCore(), plugin()] });
  const leaving = crm.as({ actor: me.actor, tenant: "test", roles: ["admin"], signal: caller.signal });
  const { id } = await leaving.entities.account.create({ name: "Turin Yard" });
  expect(errors).toEqual([]);
  expect((await me.entities.account.get(id)).industry).toBe("greeted");
  await expect(leaving.entities.account.get(id)).rejects.toThrow(/abort/);
  await crm.stop();
});

it("commits nothing of a caller who hangs up before, and runs no committed hook", async () => {
  const caller = new AbortController();
  const ran: string[] = [];
  const plugin = definePlugin({
    name: "welcome",
    version: "1.0.0",
    corm: "^0.1",
    setup: () => ({
      hooks: [
        after(account, "create", { name: "welcome.hang-up" }, async () => caller.abort()),
        committed(account, "create", { name: "welcome.greet" }, async () => void ran.push("greet")),
      ],
    }),
  });
  const { crm, me, errors } = await createTestCrm({ plugins: [crmCore(), plugin()] });
  const leaving = crm.as({ actor: me.actor, tenant: "test", roles: ["admin"], signal: caller.signal });
  await expect(leaving.entities.account.create({ name: "Turin Yard" })).rejects.toThrow(/abort/);
  expect([await me.entities.account.count(), ran, errors]).toEqual([0, [], []]);
  await crm.stop();
});
