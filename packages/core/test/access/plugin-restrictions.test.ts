import { account, crmCore, definePlugin, defineRestriction, defineRole, everything } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";

const vault = (unless: string) =>
  definePlugin({
    name: "vault",
    version: "0.1.0",
    corm: "^0.1",
    requires: { crm: "^0.1" },
    setup: () => ({
      permissions: { "vault.open": "See accounts of the vault" },
      restrictions: [defineRestriction(account, { name: "vault.closed", where: { industry: null }, unless })],
    }),
  })();

const role = (name: string, permissions: string[]) =>
  defineRole({ name, entities: { account: everything }, permissions });
const roles = [role("clerk", []), role("keeper", ["vault.open"])];

it("keeps records from roles without the permission that a plugin asks for, whatever they reach", async () => {
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), vault("vault.open")], roles });
  const hidden = await me.entities.account.create({ name: "Gold", industry: "mining" });
  await me.entities.account.create({ name: "Open" });
  const as = (names: string[], scopes?: string[]) =>
    crm.as({ actor: { kind: "user", id: "u" }, tenant: "test", roles: names, ...(scopes ? { scopes } : {}) });
  const count = (session: typeof me) => session.entities.account.count();
  expect(await count(as(["clerk"]))).toBe(1);
  expect(await count(as(["keeper"]))).toBe(2);
  expect(await count(as(["clerk", "keeper"]))).toBe(2);
  expect(await count(me)).toBe(2);
  // A credential that may read and does not have the permission sees no more than a clerk.
  expect(await count(as(["keeper"], ["account:read"]))).toBe(1);
  const clerk = as(["clerk"]);
  await expect(clerk.entities.account.get(hidden.id)).rejects.toMatchObject({ code: "not-found" });
  const { restrictedBy } = await clerk.explainAccess(account, hidden.id, "read");
  expect(restrictedBy).toEqual(["vault.closed"]);
  await crm.stop();
});

it("stops the start where the permission is declared nowhere", async () => {
  await expect(createTestCrm({ plugins: [crmCore(), vault("vault.opne")], roles: [] })).rejects.toThrow(
    /restriction "vault.closed" asks for the permission "vault.opne", which is not declared/,
  );
});
