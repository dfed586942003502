import { before, contact, crmCore, defineError, definePlugin } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { service, ticket } from "@corm/plugin-service";
import { afterEach, describe, expect, it } from "vitest";
import { counts, letter, MAILBOX, receive, type ServiceCrm, serviceCrm } from "./support.js";

let kit: ServiceCrm;
const open = async (...args: Parameters<typeof serviceCrm>) => {
  kit = await serviceCrm(...args);
  return kit.me;
};
afterEach(async () => {
  expect(kit.errors).toEqual([]);
  await kit.crm.stop();
});

describe("a mail", () => {
  it("opens a ticket for a contact that is made of its sender", async () => {
    const me = await open();
    const got = await receive(me, { id: "one@engines.example" });
    expect(got).toMatchObject({ outcome: "opened", ticketNumber: 1, reason: null });
    const ticket = await me.entities.ticket.get(got.ticketId!, {
      include: ["contact", "messages", "mailbox"],
    });
    expect(ticket).toMatchObject({
      number: 1,
      subject: "The printer is on fire",
      status: "open",
      priority: "normal",
      channel: "email",
      requesterEmail: "ada@engines.example",
      flagged: false,
      contact: { firstName: "Ada", lastName: "Lovelace", email: "ada@engines.example" },
      mailbox: { address: MAILBOX },
      lastMessageAt: "2026-01-05T09:00:00.000Z",
    });
    expect(ticket.messages).toMatchObject([
      {
        direction: "in",
        status: "received",
        messageId: "one@engines.example",
        text: "Please help.",
        sentAt: "2026-01-05T08:59:00.000Z",
        receivedAt: "2026-01-05T09:00:00.000Z",
        toAddresses: [MAILBOX],
      },
    ]);
  });

  it("finds the contact, in any spelling of the address, and its account", async () => {
    const me = await open();
    const { id: accountId } = await me.entities.account.create({ name: "Engines" });
    const known = await me.entities.contact.create({
      lastName: "Countess",
      email: "Ada@engines.example",
      accountId,
    });
    const got = await receive(me, { from: "ADA@Engines.Example" });
    const ticket = await me.entities.ticket.get(got.ticketId!);
    expect(ticket).toMatchObject({ contactId: known.id, accountId, requesterEmail: "ada@engines.example" });
    expect((await counts(me)).contacts).toBe(1);
    const { tickets } = await me.entities.contact.get(known.id, { include: ["tickets"] });
    expect(tickets).toHaveLength(1);
  });

  it("goes by its mailbox: queue, policy, and nobody where there is no such mailbox", async () => {
    const me = await open();
    const queue = await me.entities.queue.create({ name: "Billing" });
    await me.entities.mailbox.create({ address: "billing@corm.example", queueId: queue.id });
    const got = await receive(me, {}, undefined, "Billing+anything@Corm.example");
    expect((await me.entities.ticket.get(got.ticketId!)).queueId).toBe(queue.id);
    await expect(receive(me, {}, undefined, "sales@corm.example")).rejects.toMatchObject({
      code: "mailbox-unknown",
      status: 404,
    });
    await expect(receive(me, {}, undefined, "no address")).rejects.toMatchObject({ code: "mailbox-unknown" });
    expect((await counts(me)).messages).toBe(1);
  });

  it("H73 is one message however often it comes, also from the recycle bin", async () => {
    const me = await open();
    const raw = letter();
    const first = await receive(me, raw);
    expect(await receive(me, raw)).toMatchObject({
      outcome: "duplicate",
      ticketId: first.ticketId,
      ticketNumber: 1,
    });
    await me.entities.ticketMessage.delete(first.id);
    expect(await receive(me, raw)).toMatchObject({ outcome: "duplicate", id: first.id });
    expect((await counts(me)).tickets).toBe(1);
  });

  it("without a Message-ID is known by its content, whatever way it came", async () => {
    const me = await open();
    const raw = letter({ id: null });
    const first = await receive(me, `Received: from a.example\r\n${raw}`);
    const again = await receive(me, `Received: from b.example\r\n${raw.replaceAll("\r\n", "\n")}`);
    expect(again).toMatchObject({ outcome: "duplicate", id: first.id });
    expect(await receive(me, letter({ id: null, body: "Please help!" }))).toMatchObject({
      outcome: "opened",
    });
    expect((await me.entities.ticketMessage.get(first.id)).messageId).toMatch(
      /^[0-9a-f]{64}@derived\.invalid$/,
    );
  });

  it("of another tenant is another mail", async () => {
    const me = await open();
    const other = kit.inTenant("other");
    await other.entities.mailbox.create({ address: MAILBOX });
    const raw = letter();
    await receive(me, raw);
    expect(await receive(other, raw)).toMatchObject({ outcome: "opened", ticketNumber: 1 });
  });

  it("is kept although a rule of the app forbids its contact, or its ticket", async () => {
    const Refused = defineError("refused-here", { status: 422, title: "No", detail: () => "Not here." });
    const rules = definePlugin({
      name: "rules",
      version: "0.1.0",
      corm: "^0.1",
      requires: { service: "^0.1" },
      setup: () => ({
        hooks: [
          before(contact, "create", { name: "rules.contacts" }, () => {
            throw Refused({});
          }),
          before(ticket, "create", { name: "rules.tickets" }, ([change]) => {
            if (change?.input.subject === "forbidden") throw Refused({});
          }),
        ],
      }),
    });
    const { crm, me, errors } = await createTestCrm({ plugins: [crmCore(), service(), rules()] });
    await me.entities.mailbox.create({ address: MAILBOX });
    const take = (subject: string) =>
      me.entities.ticket.receiveEmail({ raw: letter({ subject }), mailbox: MAILBOX });
    const opened = await take("allowed");
    expect(await me.entities.ticket.get(opened.ticketId!)).toMatchObject({
      contactId: null,
      requesterEmail: "ada@engines.example",
      flagged: true,
      flagReason: "the sender was refused as a contact (refused-here)",
    });
    const held = await take("forbidden");
    expect(held).toMatchObject({ outcome: "quarantined", reason: "refused: Not here." });
    expect(await me.entities.ticketMessage.get(held.id)).toMatchObject({ text: "Please help." });
    expect(await me.entities.ticket.count()).toBe(1);
    expect(errors).toEqual([]);
    await crm.stop();
    await open();
  });
});

describe("quarantine", () => {
  const kept = async (raw: string, envelopeSender?: string) => {
    const got = await receive(kit.me, raw, envelopeSender);
    const message = await kit.me.entities.ticketMessage.get(got.id);
    expect(got).toMatchObject({ outcome: "quarantined", ticketId: null });
    expect(message).toMatchObject({ status: "quarantined", ticketId: null });
    return message;
  };

  it("keeps what is no mail, with the reason and every byte", async () => {
    const me = await open();
    expect((await kept("")).quarantineReason).toMatch(/^empty/);
    expect((await kept("hello\r\n")).quarantineReason).toMatch(/^not-a-mail/);
    const bytes = Buffer.from(Uint8Array.from({ length: 2000 }, (_, i) => (i * 7919) & 255));
    const junk = await me.entities.ticket.receiveEmail({
      raw: bytes.toString("base64"),
      encoding: "base64",
      mailbox: MAILBOX,
    });
    expect(junk.outcome).toBe("quarantined");
    expect((await counts(me)).tickets).toBe(0);
  });

  it("keeps mail that nobody sent, and mail beyond the limits", async () => {
    await open({ maxMailBytes: 2048 });
    expect((await kept(letter({ from: "undisclosed" }))).quarantineReason).toMatch(/^no-sender/);
    const long = await kept(letter({ body: "x".repeat(3000) }));
    expect(long.quarantineReason).toBe("too-large: it has more than 2048 bytes");
    expect(long).toMatchObject({ subject: "The printer is on fire", fromAddress: "ada@engines.example" });
    expect(long.size).toBeGreaterThan(3000);
  });

  it("keeps mail of programs, which opens no ticket", async () => {
    const me = await open();
    const reasons = async (headers: string[], more: Parameters<typeof letter>[0] = {}, sender?: string) =>
      (await kept(letter({ headers, ...more }), sender)).quarantineReason;
    expect(await reasons(["Auto-Submitted: auto-replied"])).toBe("auto-reply");
    expect(await reasons(["X-Autoreply: yes"])).toBe("auto-reply");
    expect(await reasons(["Precedence: auto_reply"])).toBe("auto-reply");
    expect(await reasons(["Precedence: Bulk"])).toBe("bulk");
    expect(await reasons(["Precedence: list"])).toBe("bulk");
    expect(await reasons(["X-Loop: something"])).toBe("loop");
    expect(await reasons(["Return-Path: <>"])).toBe("bounce");
    expect(await reasons([], {}, "")).toBe("bounce");
    expect(await reasons([], {}, "<>")).toBe("bounce");
    expect(await reasons(["Content-Type: multipart/report; boundary=x"])).toBe("bounce");
    expect(await reasons([], { from: "MAILER-DAEMON@mx.example" })).toBe("bounce");
    expect(await reasons([], { from: "Support <support@corm.example>" })).toBe("own-address");
    expect(await reasons([], { from: "support+42-abcdef@corm.example" })).toBe("own-address");
    expect(await reasons([], { subject: "Automatic reply: The printer" })).toBe("auto-reply");
    expect(await reasons([], { subject: "=?utf-8?B?6Ieq5Yqo5Zue5aSN77ya5L2g5aW9?=" })).toBe("auto-reply");
    expect(await counts(me)).toEqual({ tickets: 0, messages: 15, contacts: 0 });
    const plain = { headers: ["Auto-Submitted: no", "Return-Path: <ada@engines.example>"] };
    expect(await receive(me, plain, "ada@engines.example")).toMatchObject({ outcome: "opened" });
  });

  it("stops a sender who writes too often, until an hour has passed", async () => {
    const me = await open({ maxMailsPerHour: 3 });
    for (let i = 0; i < 3; i++) expect(await receive(me, {})).toMatchObject({ outcome: "opened" });
    expect((await kept(letter())).quarantineReason).toMatch(/^too-many/);
    expect(await receive(me, { from: "bob@engines.example" })).toMatchObject({ outcome: "opened" });
    kit.clock.advance({ hours: 1, seconds: 1 });
    expect(await receive(me, {})).toMatchObject({ outcome: "opened" });
  });

  it("is left by release, once", async () => {
    const me = await open();
    const message = await kept(letter({ headers: ["Precedence: bulk"], subject: "Invoice 7" }));
    const { ticketId } = await me.entities.ticketMessage.release(message.id);
    const ticket = await me.entities.ticket.get(ticketId, { include: ["messages", "contact"] });
    expect(ticket).toMatchObject({
      subject: "Invoice 7",
      contact: { lastName: "Lovelace" },
      messages: [{ id: message.id, status: "received", text: "Please help." }],
    });
    await expect(me.entities.ticketMessage.release(message.id)).rejects.toMatchObject({
      code: "nothing-to-release",
    });
  });
});
