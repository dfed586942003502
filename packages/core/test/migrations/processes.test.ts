import { knexStorage } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";
import { spawnScript } from "../support/spawn.js";
import { toys } from "../support/toys.js";
import { onFreshDatabases } from "./shop.js";

const script = new URL("child.ts", import.meta.url);

onFreshDatabases((fresh, database) => {
  it("lets several processes start at once: one migrates, the others wait, all share one secret", async () => {
    const { url } = fresh();
    const children = Array.from({ length: 2 }, () => spawnScript(script, url));
    const tokens = await Promise.all(
      children.map(async (child) => {
        const line = await child.line();
        const { code, errors } = await child.ended();
        expect({ code, errors }).toEqual({ code: 0, errors: "" });
        return line;
      }),
    );
    expect(new Set(tokens).size).toBe(1);
    const { crm, inTenant } = await createTestCrm({
      plugins: [toys()],
      storage: knexStorage({ url }),
    });
    expect(await inTenant("t").entities.thing.count()).toBe(2);
    expect(await crm.planMigration()).toEqual({ steps: [], problems: [], dormant: [] });
    await crm.stop();
  }, 180_000);

  it("ends where it would have ended when it is killed in between", async () => {
    const { url } = fresh();
    const waits = database === "SQLite in a file" ? [5, 40] : [30, 150];
    for (const wait of waits) {
      const child = spawnScript(script, url, { CORM_TEST_SIGNAL: "1" });
      await child.line();
      await new Promise((resolve) => setTimeout(resolve, wait));
      await child.kill();
    }
    const { crm, inTenant } = await createTestCrm({
      plugins: [toys()],
      storage: knexStorage({ url }),
    });
    await inTenant("t2").entities.thing.create({ title: "works" });
    expect(await crm.planMigration()).toEqual({ steps: [], problems: [], dormant: [] });
    await crm.stop();
  }, 180_000);
});
