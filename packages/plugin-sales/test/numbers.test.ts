import { createCrm, crmCore, systemClock } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { decideQuote, sales } from "@corm/plugin-sales";
import { describe, expect, it } from "vitest";
import { databases, suiteName } from "../../core/test/support/databases.js";
import { spawnScript } from "../../core/test/support/spawn.js";

const PROCESSES = 8;
/** `C-000001` and so on. */
const upTo = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${letter}-${String(n + 1).padStart(6, "0")}`);

for (const database of databases.filter(({ name }) => name !== "SQLite in memory")) {
  describe.skipIf(!database.available)(suiteName(database), { timeout: 120_000 }, () => {
    it("numbers contracts, quotes and orders without gaps and doubles when eight processes make them", async () => {
      const { url, drop } = await database.create();
      const crm = await createCrm({
        storage: knexStorage({ url }),
        plugins: [crmCore(), sales()],
        clock: systemClock,
      });
      try {
        const me = crm.as({ actor: { kind: "user", id: "me" }, tenant: "test", roles: ["admin"] });
        const { contract, documentTemplate, opportunity, order, quote, quoteLine } = me.entities;
        const names = Array.from({ length: PROCESSES }, (_, n) => `Deal ${n}`);
        const deals = await opportunity.createMany(names.map((name) => ({ name, stage: "won" })));
        const quotes = await quote.createMany(names.map((name) => ({ name })));
        const lines = await quoteLine.createMany(
          quotes.map(({ id }) => ({
            ...{ quoteId: id, description: "Hours", quantity: "3" },
            unitPrice: { amount: "10", currency: "USD" },
          })),
        );
        for (const { id } of quotes) {
          const { documentHash: hash } = await quote.send(id);
          await decideQuote(me, id, { decision: "accept", by: "Ada", from: null, hash });
        }
        const { id: template } = await documentTemplate.create({
          name: "Short",
          body: "<p>{{ contract.number }}</p>",
        });
        const script = new URL("./make-documents.ts", import.meta.url);
        const makers = deals.map(({ id }, n) =>
          spawnScript(script, [url, id, template, quotes[n]!.id, lines[n]!.id].join(" ")),
        );
        for (const maker of makers) expect(await maker.ended()).toEqual({ code: 0, errors: "" });
        const all = { orderBy: ["number"], limit: 500 } as const;
        const contracts = (await contract.find(all)).items;
        expect(contracts.map(({ number }) => number)).toEqual(upTo("C", 2 * PROCESSES));
        // Each says its own number.
        for (const { number, html } of contracts) expect(html).toBe(`<p>${number}</p>`);
        const numbered = async (rows: Promise<{ items: readonly { readonly number: string }[] }>) =>
          (await rows).items.map(({ number }) => number);
        expect(await numbered(order.find(all))).toEqual(upTo("O", 2 * PROCESSES));
        expect(await numbered(quote.find(all))).toEqual(upTo("Q", 5 * PROCESSES));
      } finally {
        await crm.stop();
        await drop();
      }
    });
  });
}
