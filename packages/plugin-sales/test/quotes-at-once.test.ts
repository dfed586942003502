import { knexStorage } from "@corm/core/knex";
import { decideQuote, documentTotals } from "@corm/plugin-sales";
import { describe, expect, it } from "vitest";
import { suiteName } from "../../core/test/support/databases.js";
import { reuse } from "../../core/test/support/reused.js";
import { makeQuote, quoteCrm } from "./quote-support.js";
import { usd } from "./support.js";

const reused = reuse();

for (const database of reused) {
  describe.skipIf(!database.available)(suiteName(database), { timeout: 120_000 }, () => {
    it("adds up when many write lines at once, and is numbered without gaps", async () => {
      const { url, drop } = await database.create();
      const { crm, me } = await quoteCrm({}, { storage: knexStorage({ url }) });
      try {
        const { id } = await makeQuote(me);
        const { quote, quoteLine } = me.entities;
        await Promise.all(
          Array.from({ length: 12 }, (_, n) =>
            quoteLine.create({
              quoteId: id,
              description: `L${n}`,
              unitPrice: usd(`${n + 1}.33`),
              taxRate: "19",
            }),
          ),
        );
        const { items } = await quoteLine.find({ where: { quoteId: id }, limit: 100 });
        expect(items).toHaveLength(15);
        const { currency, rounding, total, contentRevision } = await quote.get(id);
        expect(total).toEqual(documentTotals({ currency, rounding, lines: items }).total);
        expect(contentRevision).toBe(14);
        const made = await Promise.all(Array.from({ length: 10 }, (_, n) => quote.create({ name: `Q${n}` })));
        const numbers = made.map(({ number }) => number).sort();
        expect(numbers).toEqual(Array.from({ length: 10 }, (_, n) => `Q-${String(n + 2).padStart(6, "0")}`));
      } finally {
        await crm.stop();
        await drop();
      }
    });

    it("is accepted in one revision alone", async () => {
      const { url, drop } = await database.create();
      const { crm, me } = await quoteCrm({}, { storage: knexStorage({ url }) });
      try {
        const { id } = await makeQuote(me);
        const { quote } = me.entities;
        const { documentHash: hash } = await quote.send(id);
        const { id: draft } = await quote.revise(id);
        await decideQuote(me, id, { decision: "accept", by: "Ada", from: null, hash });
        await expect(quote.send(draft)).rejects.toMatchObject({
          code: "quote-not-ready",
          message: expect.stringContaining("revision 1 of it was accepted"),
        });
        expect(await quote.get(draft)).toMatchObject({ status: "draft", documentHash: null });
      } finally {
        await crm.stop();
        await drop();
      }
    });

    it("is sent as it was or not at all while lines are written, and answered once", async () => {
      const { url, drop } = await database.create();
      const { crm, me } = await quoteCrm({}, { storage: knexStorage({ url }) });
      try {
        const { id } = await makeQuote(me);
        const { quote, quoteLine } = me.entities;
        const line = (n: number) =>
          quoteLine
            .create({ quoteId: id, description: `L${n}`, unitPrice: usd("10") })
            .catch((error) => error.code);
        const [sent, ...written] = await Promise.all([quote.send(id), ...[1, 2, 3, 4].map(line)]);
        const taken = written.filter((result) => typeof result !== "string").length;
        expect(written.filter((result) => typeof result === "string" && result !== "quote-is-sent")).toEqual(
          [],
        );
        const record = await quote.get(id);
        expect(record.document?.lines).toHaveLength(3 + taken);
        expect(record.document?.total).toEqual(record.total);

        const answer = (decision: "accept" | "decline", n: number) =>
          decideQuote(me, id, { decision, by: `Person ${n}`, from: null, hash: sent.documentHash }).catch(
            (error) => error.code,
          );
        const answers = await Promise.all(
          Array.from({ length: 8 }, (_, n) => answer(n % 2 === 0 ? "accept" : "decline", n)),
        );
        const decided = await quote.get(id);
        const won = answers.filter((result) => typeof result !== "string");
        expect(won).toHaveLength(4);
        expect(new Set(won.map(({ decidedBy }) => decidedBy))).toEqual(new Set([decided.decidedBy]));
        expect(answers.filter((result) => result === "quote-not-open")).toHaveLength(4);
      } finally {
        await crm.stop();
        await drop();
      }
    });
  });
}
