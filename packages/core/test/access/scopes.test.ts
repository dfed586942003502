import { crmCore, defineRole, grant } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";
import { folder, vault } from "./support/vault.js";

const keeper = defineRole({
  name: "keeper",
  entities: grant(folder, { read: "all", create: "all" }),
});

it.each([
  [undefined, ["-"]],
  [undefined, []],
  [["folder:read", "folder:create"], ["folder:read,folder:create"]],
  [["folder:read"], ["folder:read", ""]],
] as const)("keeps what %j lets through apart from what %j does, whichever comes first", async (a, b) => {
  const expected = (scopes: readonly string[] | undefined, right: string) =>
    scopes === undefined || scopes.includes(`folder:${right}`);
  for (const order of [
    [a, b],
    [b, a],
  ]) {
    const { crm, me } = await createTestCrm({ plugins: [crmCore(), vault()], roles: [keeper] });
    for (const scopes of order) {
      const session = crm.as({
        actor: me.actor,
        tenant: "test",
        roles: ["keeper", keeper],
        ...(scopes ? { scopes } : {}),
      });
      for (const right of ["read", "create"] as const)
        expect([scopes, right, await session.can(right, folder)]).toEqual([
          scopes,
          right,
          expected(scopes, right),
        ]);
    }
    await crm.stop();
  }
});
