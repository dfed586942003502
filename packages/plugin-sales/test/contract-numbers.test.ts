import { createCrm, crmCore, systemClock } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { sales } from "@corm/plugin-sales";
import { describe, expect, it } from "vitest";
import { databases, suiteName } from "../../core/test/support/databases.js";
import { spawnScript } from "../../core/test/support/spawn.js";

for (const database of databases.filter(({ name }) => name !== "SQLite in memory")) {
  describe.skipIf(!database.available)(suiteName(database), { timeout: 300_000 }, () => {
    it("numbers contracts without gaps and doubles when eight processes make them", async () => {
      const { url, drop } = await database.create();
      const crm = await createCrm({
        storage: knexStorage({ url }),
        plugins: [crmCore(), sales()],
        clock: systemClock,
      });
      try {
        const me = crm.as({ actor: { kind: "user", id: "me" }, tenant: "test", roles: ["admin"] });
        const deals = await me.entities.opportunity.createMany(
          Array.from({ length: 8 }, (_, n) => ({ name: `Deal ${n}`, stage: "won" })),
        );
        const template = await me.entities.documentTemplate.create({
          name: "Short",
          body: "<p>{{ contract.number }}</p>",
        });
        const script = new URL("./make-contracts.ts", import.meta.url);
        const makers = deals.map(({ id }) => spawnScript(script, `${url} ${id} ${template.id}`));
        for (const maker of makers) expect(await maker.ended()).toEqual({ code: 0, errors: "" });
        const { items } = await me.entities.contract.find({ orderBy: ["number"], limit: 500 });
        expect(items.map(({ number }) => number)).toEqual(
          Array.from({ length: 32 }, (_, n) => `C-${String(n + 1).padStart(6, "0")}`),
        );
        // Each says its own number.
        for (const { number, html } of items) expect(html).toBe(`<p>${number}</p>`);
      } finally {
        await crm.stop();
        await drop();
      }
    });
  });
}
