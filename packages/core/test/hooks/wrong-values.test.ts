import { account, before, crmCore, definePlugin, each } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";

/** As hooks are written: by the types, which what comes over HTTP does not keep to. */
const plugin = definePlugin({
  name: "tidy",
  version: "1.0.0",
  corm: "^0.1",
  setup: () => ({
    hooks: [
      before(account, "create", { name: "tidy.create" }, (batch) => {
        for (const { input } of batch) {
          input.name = input.name.trim();
          input.industry = null as unknown as string;
        }
      }),
      before(
        account,
        "update",
        { name: "tidy.update" },
        each(({ patch }) => {
          if (patch.name) patch.name = patch.name.trim();
        }),
      ),
    ],
  }),
});

it("tells of the value that a hook could not work with; what a hook cannot do with sound ones is its own failure", async () => {
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), plugin()] });
  const accounts = me.repo(account);
  const wrong = { code: "validation-failed", issues: [expect.objectContaining({ pointer: "/name" })] };
  const second = { code: "validation-failed", issues: [expect.objectContaining({ pointer: "/1/name" })] };
  await expect(accounts.create({ name: 5 } as never)).rejects.toMatchObject(wrong);
  await expect(accounts.createMany([{ name: "A" }, { name: {} } as never])).rejects.toMatchObject(second);
  const { id } = await accounts.create({ name: " Firm " });
  await expect(accounts.update(id, { name: 5 } as never)).rejects.toMatchObject(wrong);
  // It may be for the hook to fill in.
  await expect(accounts.create({ industry: "trade" } as never)).rejects.toMatchObject({
    code: "hook-failed",
  });
  expect((await accounts.find()).items).toMatchObject([{ id, name: "Firm", version: 1 }]);
  await crm.stop();
});
