import { account, activity, contact, crmCore, defineRole, grant, user } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { analytics } from "@corm/plugin-analytics";
import { lead, leadSource, leads } from "@corm/plugin-leads";
import { marketing } from "@corm/plugin-marketing";
import { opportunity, pipeline, sales, stage, stageVisit } from "@corm/plugin-sales";
import { service, ticket, ticketMessage } from "@corm/plugin-service";
import { afterAll, beforeAll, expect, it } from "vitest";

const own = { read: ["own", "shared"], create: "own", update: "own", delete: "own" } as const;
const rep = defineRole({
  name: "rep",
  entities: {
    ...grant(user, { read: "all" }),
    ...grant(account, own),
    ...grant(contact, own),
    ...grant(activity, { ...own, read: ["own", "parent"] }),
    ...grant(lead, own),
    ...grant(leadSource, { read: "all" }),
    ...grant(pipeline, { read: "all" }),
    ...grant(stage, { read: "all" }),
    ...grant(opportunity, own),
    ...grant(stageVisit, { read: "parent" }),
    ...grant(ticket, own),
    ...grant(ticketMessage, { read: "parent" }),
  },
  permissions: ["lead.convert", "opportunity.*", "ticket.*", "analytics.*"],
});

const plugins = [crmCore(), analytics(), leads(), marketing(), sales(), service()] as const;
const open = () => createTestCrm({ plugins, roles: [rep] });
let app: Awaited<ReturnType<typeof open>>;
let ada: ReturnType<typeof app.inTenant>;
let ben: typeof ada;

beforeAll(async () => {
  app = await open();
  const [first, second] = await app.me.repo(user).createMany([{ name: "Ada" }, { name: "Ben" }]);
  const as = (id: string) => app.crm.as({ actor: { kind: "user", id }, tenant: "test", roles: ["rep"] });
  ada = as(first?.id as string);
  ben = as(second?.id as string);
});
afterAll(() => app.crm.stop());

it("a representative works from the lead to the won opportunity with no right but over his own", async () => {
  const captured = await ada.entities.lead.create({
    lastName: "Lovelace",
    company: "Engines",
    email: "a@engines.example",
  });
  await app.me.entities.activity.create({
    kind: "call",
    subject: "first call",
    leadId: captured.id,
  } as never);
  const result = await ada.entities.lead.convert(captured.id, { opportunity: { name: "Engine No. 1" } });
  const { accountId, contactId, opportunityId } = result;
  const made = [
    await ada.entities.account.get(accountId as string),
    await ada.entities.contact.get(contactId as string),
    await ada.entities.opportunity.get(opportunityId as string),
  ];
  expect(made.map((record) => record.ownerId)).toEqual(
    made.map(() => ada.actor.kind === "user" && ada.actor.id),
  );
  // What others had written down about the lead came along.
  const history = await ada.entities.activity.find({ where: { contactId: contactId as string } });
  expect(history.items.map((item) => item.subject)).toEqual(["first call"]);
  await ada.entities.opportunity.update(opportunityId as string, { stage: "won" });
  expect((await ada.entities.opportunity.get(opportunityId as string)).status).toBe("won");
});

it("another representative sees nothing of it, and a report adds up only what is his", async () => {
  for (const entity of ["lead", "account", "contact", "opportunity", "activity", "ticket"] as const)
    expect(await ben.entities[entity].count(), entity).toBe(0);
  const { total } = await app.me.entities.opportunity.find().then(({ items }) => ({ total: items.length }));
  expect(total).toBe(1);
  const [id] = (await app.me.entities.lead.find()).items.map((row) => row.id);
  await expect(ben.entities.lead.convert(id as string, {})).rejects.toThrow(/There is no lead/);
  await expect(ben.entities.mailing.find()).rejects.toThrow(/do not allow/);
});

it("a representative answers his own tickets, and no other's", async () => {
  const mine = await ada.entities.ticket.create({
    subject: "It rattles",
    requesterEmail: "a@engines.example",
  } as never);
  await app.me.entities.mailbox.create({ address: "help@acme.example", name: "Help" });
  const answer = await ada.entities.ticket.reply(mine.id, { text: "Oil it." });
  expect(answer.to).toBe("a@engines.example");
  expect((await ada.entities.ticketMessage.find({ where: { ticketId: mine.id } })).items).toHaveLength(1);
  expect(await ben.entities.ticketMessage.count()).toBe(0);
  await expect(ben.entities.ticket.resolve(mine.id, {} as never)).rejects.toThrow(/There is no ticket/);
  expect((await ada.entities.ticket.get(mine.id)).number).toBeGreaterThan(0);
  await expect(ben.entities.ticket.get(mine.id)).rejects.toThrow(/There is no ticket/);
});
