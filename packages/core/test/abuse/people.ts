import {
  type AppSession,
  type Crm,
  consents,
  contact,
  crmCore,
  definePlugin,
  encrypted,
  extendEntity,
  type PersonRef,
  type PluginFactory,
  type PluginOf,
  secret,
} from "@corm/core";
import { analytics } from "@corm/plugin-analytics";
import { leads } from "@corm/plugin-leads";
import { marketing } from "@corm/plugin-marketing";
import { sales } from "@corm/plugin-sales";
import { service } from "@corm/plugin-service";
import Type from "typebox";

const contactWithTax = extendEntity(contact, {
  fields: {
    taxId: Type.Optional(encrypted(Type.String({ maxLength: 100 }), { searchable: true })),
    pin: Type.Optional(secret(Type.String({ maxLength: 20 }))),
  },
});
const taxDefinition = definePlugin({
  name: "tax",
  version: "1.0.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  setup: () => ({ extends: { contact: contactWithTax } }),
});
interface TaxPlugin extends PluginOf<typeof taxDefinition> {}
/** Adds an encrypted field to people. */
const tax: PluginFactory<TaxPlugin, Record<never, never>> = taxDefinition;

export const everything = [
  crmCore(),
  leads(),
  sales(),
  marketing({ delivery: "manual" }),
  service(),
  analytics(),
  tax(),
] as const;

export type Everything = AppSession<typeof everything>;

export interface Seeded {
  readonly person: PersonRef;
  readonly email: string;
  readonly phone: string;
  /** Words that occur nowhere but in what was stored of this person. */
  readonly canaries: readonly string[];
}

type TestRuntime = Crm["runtime"];

let seeds = 0;

/** Records of one person in every table that tells of people, each text with a word of its own. */
export async function seed(me: Everything, person: string): Promise<Seeded> {
  seeds += 1;
  const name = `${person}${process.pid}x${seeds}`;
  const birthday = `${1900 + (seeds % 90)}-${String(1 + (seeds % 12)).padStart(2, "0")}-17`;
  const canaries: string[] = [];
  const word = (place: string): string => {
    const canary = `canary-${name}-${place}-${canaries.length}`;
    canaries.push(canary);
    return canary;
  };
  const system = me.asSystem({ reason: "seed of a test" });
  const { entities } = system;
  const email = `${word("mail")}@example.org`.toLowerCase();
  const phone = `+49 ${word("phone")}`;

  const lead = await entities.lead.create({
    firstName: word("first"),
    lastName: word("last"),
    title: word("title"),
    company: word("company"),
    email,
    phone,
    website: `https://example.org/${word("site")}`,
    industry: word("industry"),
    country: word("country"),
    notes: word("notes"),
    externalId: word("external"),
  });
  const made = await entities.contact.create({
    firstName: word("first"),
    lastName: word("last"),
    email,
    phone,
    title: word("title"),
    taxId: word("tax"),
    birthday,
    externalId: word("external"),
  });
  canaries.push(birthday);
  // As `lead.convert` leaves it, with a person of our own choosing.
  const { runtime } = me as unknown as { readonly runtime: TestRuntime };
  const own = { op: "eq", column: "tenant_id", value: me.tenant } as const;
  await runtime.storage
    .forTenant(me.tenant)
    .updateWhere(
      "lead",
      { op: "and", of: [{ op: "eq", column: "id", value: lead.id }, own] },
      { converted_contact_id: made.id, status: "converted" },
    );

  const form = await entities.captureForm.create({
    key: `form-${name.toLowerCase()}`,
    title: "A form",
    fields: [{ name: "email", label: "E-mail", type: "email" }],
  });
  await entities.captureSubmission.create({
    formId: form.id,
    submissionId: `${name}-1`,
    status: "accepted",
    values: { email, wish: word("wish") },
    touch: { utm_source: word("utm") },
    leadId: lead.id,
  });
  await entities.captureSubmission.create({
    formId: form.id,
    submissionId: `${name}-2`,
    status: "quarantined",
    reason: "honeypot",
    values: { email: email.toUpperCase(), wish: word("held") },
    clientAddress: word("client"),
  });
  for (const link of [{ contactId: made.id }, { leadId: lead.id }]) {
    await entities.activity.create({ kind: "call", subject: word("call"), body: word("body"), ...link });
    await entities.touchpoint.create({
      channel: "form",
      source: word("source"),
      capturedAt: me.now(),
      details: { referrer: word("referrer") },
      ...link,
    });
  }
  const ledger = system.service(consents);
  await ledger.record({
    channel: "email",
    address: email,
    topic: "news",
    decision: "granted",
    evidence: word("proof"),
  });
  await ledger.record({
    channel: "email",
    address: email,
    topic: "offers",
    decision: "withdrawn",
    contactId: made.id,
  });
  await ledger.record({ channel: "sms", address: phone, topic: "news", decision: "granted" });

  await entities.pipeline.ensureDefault({});
  const opportunity = await entities.opportunity.create({
    name: word("sale"),
    contactId: made.id,
    amount: { amount: "1200.00", currency: "EUR" },
    externalId: word("external"),
  });
  // Its past states have words of their own.
  await entities.opportunity.update(opportunity.id, { name: word("renamed") });
  await entities.activity.create({ kind: "note", subject: word("note"), opportunityId: opportunity.id });

  const segment = await entities.segment.create({
    name: `Segment ${name}`,
    entity: "contact",
    kind: "static",
  });
  await entities.segmentMember.create({ segmentId: segment.id, contactId: made.id });
  const template = await entities.messageTemplate.create({
    name: `Template ${name}`,
    subject: "Hello",
    html: "<p>Hello</p><p>{{ unsubscribeUrl }}</p>",
  });
  const topic = await entities.subscriptionTopic.create({ key: `news-${name.toLowerCase()}`, name: "News" });
  const mailing = await entities.mailing.create({
    name: `Mailing ${name}`,
    segmentId: segment.id,
    templateId: template.id,
    topicId: topic.id,
  });
  await entities.delivery.create({
    mailingId: mailing.id,
    contactId: made.id,
    address: email,
    state: "failed",
    reason: "rejected",
    detail: word("server"),
    attempts: 1,
    messageId: word("message"),
  });

  const ticket = await entities.ticket.create({
    subject: word("ticket"),
    contactId: made.id,
    requesterEmail: email,
    channel: "email",
    externalId: word("external"),
    flagged: true,
    flagReason: word("flag"),
  });
  await entities.activity.create({ kind: "task", subject: word("task"), ticketId: ticket.id });
  const message = await entities.ticketMessage.create({
    ticketId: ticket.id,
    direction: "in",
    status: "received",
    fromAddress: email,
    fromName: word("sender"),
    toAddresses: ["help@example.org"],
    replyToAddress: `${word("reply")}@example.org`,
    messageId: word("message"),
    inReplyTo: word("reply"),
    references: [word("reference")],
    subject: word("subject"),
    text: word("text"),
    quotedText: word("quoted"),
    signature: word("signature"),
    html: `<p>${word("html")}</p>`,
    attachments: [{ fileName: word("file"), contentType: "text/plain", size: 3 }],
  });
  await entities.mailSource.create({
    messageId: message.id,
    position: 0,
    data: Buffer.from(`From: ${email}`).toString("base64") + word("raw"),
  });
  canaries.push(Buffer.from(`From: ${email}`).toString("base64").slice(4, 30));
  await entities.ticketMessage.create({
    direction: "in",
    status: "quarantined",
    fromAddress: `${word("robot")}@example.net`,
    messageId: word("message"),
    text: `${word("mention")} says that ${email} wrote`,
    quarantineReason: word("quarantine"),
  });
  const job = await entities.importJob.create({
    target: "contact",
    startedBy: "user:x",
    state: "finished",
    options: {},
    header: ["email", "note"],
    position: 1,
    digest: "0",
    accepted: 0,
    rejected: 1,
  });
  await entities.importRejection.create({
    jobId: job.id,
    row: 2,
    reason: `${email} is there already`,
    cells: JSON.stringify([email, word("cells")]),
  });
  // Old values are somewhere, too.
  await entities.contact.update(made.id, { title: "Dr" });
  await entities.activity.updateWhere({ contactId: made.id }, { subject: word("second") });
  return { person: { entity: "contact", id: made.id }, email, phone, canaries };
}
