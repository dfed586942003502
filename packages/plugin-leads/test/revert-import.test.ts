import { crmCore, importFile, revertImport } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";
import { lead, leads } from "../src/index.js";

async function* bytes(text: string) {
  yield new TextEncoder().encode(text);
}

it("a file of leads that is taken back leaves nobody it made, and nothing it filled in", async () => {
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), leads()] });
  const { leadId } = await me.entities.lead.capture({
    values: { lastName: "Known", email: "known@example.com" },
    channel: "phone",
  });
  const text = "lastName,email,company\nKnown,known@example.com,Acme\nNew,new@example.com,Acme\n";
  const { id } = await importFile(me, lead, bytes(text), { format: "csv", mode: "capture" });
  expect((await me.entities.lead.get(leadId!)).company).toBe("Acme");
  expect(await me.entities.lead.count()).toBe(2);
  expect(await revertImport(me, id)).toMatchObject({ state: "reverted", reverted: 2, kept: 0 });
  expect((await me.entities.lead.find()).items).toMatchObject([{ id: leadId, company: null }]);
  await crm.stop();
});
