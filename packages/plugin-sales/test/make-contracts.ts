import { createCrm, crmCore, systemClock } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { sales } from "@corm/plugin-sales";

/** Makes contracts of an opportunity, some of which fail, and prints the numbers of those that are there. */
const [url, deal, templateId] = (process.argv[2] ?? "").split(" ") as [string, string, string];
const crm = await createCrm({
  storage: knexStorage({ url }),
  plugins: [crmCore(), sales()],
  clock: systemClock,
});
const me = crm.as({ actor: { kind: "user", id: "maker" }, tenant: "test", roles: ["admin"] });
const input = { templateId, startsOn: "2026-01-01", signatories: [{ name: "Ada", role: "Customer" }] };
for (let n = 0; n < 6; n++) {
  const failed = new Error("taken back");
  try {
    await me.transaction(async (tx) => {
      const { number } = await tx.entities.opportunity.makeContract(deal, input);
      if (n % 3 === 1) throw failed;
      return number;
    });
    console.log("made");
  } catch (error) {
    if ((error as { code?: string }).code === "transaction-conflict") n -= 1;
    else if (error !== failed) throw error;
  }
}
await crm.stop();
console.log("done");
