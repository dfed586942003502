import { contact, crmCore } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lead, leads } from "../src/index.js";
import { visitor } from "./leads-crm.js";

const make = () =>
  createTestCrm({
    plugins: [crmCore(), leads()],
    provenance: { lead: ["email", "lastName"], contact: ["email", "phone"] },
  });
let app: Awaited<ReturnType<typeof make>>;
beforeEach(async () => {
  app = await make();
});
afterEach(() => app.crm.stop());

const emailOf = async (id: string) => (await app.me.repo(lead).provenance(id))["email"];
const leadOf = async (email: string) => (await app.me.repo(lead).first({ where: { email } }))!.id;

test("a form, a channel, a mail and an import say by themselves where a lead's values are from", async () => {
  const form = await app.me.entities.captureForm.create({
    key: "contact",
    title: "Contact",
    fields: [
      { name: "email", label: "E-mail", type: "email", required: true, to: "email" },
      { name: "name", label: "Name", type: "text", to: "lastName" },
    ],
  } as never);
  const ticket = (await (await visitor(app).get("contact")).json()) as { token: string };
  app.clock.advance({ minutes: 1 });
  const body = { _token: ticket.token, email: "form@example.com", name: "Form" };
  expect((await visitor(app).post("contact", body)).status).toBe(202);
  expect(await emailOf(await leadOf("form@example.com"))).toMatchObject({
    source: "form",
    reference: form.id,
    confidence: null,
    actor: { kind: "system", id: "leads.capture" },
    cause: ["captureForm.submit", "lead.create"],
  });

  const values = { email: "chat@example.com", lastName: "Chat" };
  const { leadId } = await app.me.entities.lead.capture({ values, channel: "chat\nbot" });
  expect(await emailOf(leadId!)).toMatchObject({ source: "capture", reference: "chatbot" });
  const named = app.me.from({ source: "partner", confidence: 0.3 });
  const other = { ...values, email: "other@example.com" };
  const { leadId: second } = await named.entities.lead.capture({ values: other, channel: "chat" });
  expect(await emailOf(second!)).toMatchObject({ source: "partner", reference: "chat", confidence: 0.3 });

  const mail = { messageId: "<1@x>\r\n", from: { address: "mail@example.com", name: "Ma Il" } };
  const received = await app.me.entities.lead.receiveMail(mail);
  expect(await emailOf(received.leadId!)).toMatchObject({ source: "mail", reference: "<1@x>" });
});

test("what a conversion makes and fills is from the lead", async () => {
  const { id } = await app.me.repo(lead).create({
    lastName: "Lovelace",
    email: "ada@example.com",
    phone: "+442071234567",
  });
  const known = await app.me.from({ source: "old" }).repo(contact).create({ lastName: "L", email: "a@x.io" });
  await app.me.entities.lead.convert(id, { contact: { id: known.id }, account: null });
  expect(await app.me.repo(contact).provenance(known.id)).toMatchObject({
    email: { source: "old" },
    phone: { source: "conversion", reference: id, cause: expect.arrayContaining(["lead.convert"]) },
  });
});
