import { createCrm, crmCore, systemClock } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { sales } from "@corm/plugin-sales";

/** Makes contracts, quotes and orders in turn, some of which fail. */
const [url, deal, templateId, quoteId, lineId] = (process.argv[2] ?? "").split(" ") as [
  string,
  ...[string, string, string, string],
];
const crm = await createCrm({
  storage: knexStorage({ url }),
  plugins: [crmCore(), sales()],
  clock: systemClock,
});
const me = crm.as({ actor: { kind: "user", id: "maker" }, tenant: "test", roles: ["admin"] });
const contract = { templateId, startsOn: "2026-01-01", signatories: [{ name: "Ada", role: "Customer" }] };
const steps: ((tx: typeof me) => Promise<unknown>)[] = [
  (tx) => tx.entities.opportunity.makeContract(deal, contract),
  (tx) => tx.entities.quote.createMany([{ name: "Q" }, { name: "Q" }]),
  (tx) => tx.entities.quote.order(quoteId, { lines: [{ lineId, quantity: "1" }] }),
];
for (let n = 0; n < 9; n++) {
  const failed = new Error("taken back");
  try {
    await me.transaction(async (tx) => {
      await steps[n % 3]?.(tx as typeof me);
      // The second of each.
      if (Math.floor(n / 3) === 1) throw failed;
    });
  } catch (error) {
    if ((error as { code?: string }).code === "transaction-conflict") n -= 1;
    else if (error !== failed) throw error;
  }
}
await crm.stop();
