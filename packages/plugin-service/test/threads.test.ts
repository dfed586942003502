import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { counts, MAILBOX, type Me, receive, type ServiceCrm, serviceCrm } from "./support.js";

let kit: ServiceCrm;
let me: Me;
beforeEach(async () => {
  kit = await serviceCrm();
  me = kit.me;
});
afterEach(async () => {
  expect(kit.errors).toEqual([]);
  await kit.crm.stop();
});

/** Ada asks, and an agent replies. */
async function conversation() {
  const first = await receive(me, { id: "first@engines.example" });
  const reply = await me.entities.ticket.reply(first.ticketId!, { text: "Throw water on it." });
  return { ticketId: first.ticketId!, reply };
}

describe("a reply of ours", () => {
  it("is stored with what makes answers find their ticket", async () => {
    const { ticketId, reply } = await conversation();
    expect(reply).toMatchObject({ to: "ada@engines.example", status: "pending" });
    expect(reply.subject).toMatch(/^Re: The printer is on fire \[#1-[a-z2-7]{20}\]$/);
    expect(reply.replyTo).toMatch(/^support\+1-[a-z2-7]{20}@corm\.example$/);
    expect(await me.entities.ticketMessage.get(reply.id)).toMatchObject({
      ticketId,
      direction: "out",
      status: "queued",
      fromAddress: MAILBOX,
      toAddresses: ["ada@engines.example"],
      inReplyTo: "first@engines.example",
      references: ["first@engines.example"],
      messageId: reply.messageId,
      text: "Throw water on it.",
    });
    expect(reply.messageId).toMatch(/@corm\.example$/);
    expect((await me.entities.ticket.get(ticketId)).status).toBe("pending");
  });

  it("goes to exactly one plain address", async () => {
    const { ticketId } = await conversation();
    for (const to of [
      "a@b.co\r\nBcc: evil@x.com",
      "a@b.co,evil@x.com",
      "a@b.co;evil@x.com",
      "Ada <a@b.co>",
      '"a,b"@c.co',
      "a,b@c.co",
      "Team: a@b.co;",
      "a@b",
      " a@b.co",
    ]) {
      const refused = me.entities.ticket.reply(ticketId, { text: "x", to });
      await expect(refused, to).rejects.toMatchObject({ code: "address-unusable" });
    }
    expect((await counts(me)).messages).toBe(2);
  });

  it("needs somebody to go to, and a mailbox", async () => {
    const ticket = await me.entities.ticket.create({ subject: "By phone", channel: "phone" });
    await expect(me.entities.ticket.reply(ticket.id, { text: "x" })).rejects.toMatchObject({
      code: "nobody-to-reply-to",
    });
    const given = await me.entities.ticket.reply(ticket.id, { text: "x", to: "Bob@x.example" });
    expect(given.to).toBe("bob@x.example");
    const [box] = (await me.entities.mailbox.find()).items;
    await me.entities.mailbox.delete(box!.id);
    await expect(me.entities.ticket.reply(ticket.id, { text: "x", to: "b@x.example" })).rejects.toMatchObject(
      {
        code: "no-mailbox-to-reply-from",
      },
    );
  });
});

describe("an answer threads to its ticket", () => {
  it("by the token in the address it was delivered to", async () => {
    const { ticketId, reply } = await conversation();
    const got = await receive(me, { subject: "Water?" }, "ada@engines.example", reply.replyTo.toUpperCase());
    expect(got).toMatchObject({ outcome: "threaded", ticketId, reason: null });
    expect((await me.entities.ticket.get(ticketId)).status).toBe("open");
  });

  it("by the token in To, and by the one in the subject", async () => {
    const { ticketId, reply } = await conversation();
    const byTo = await receive(me, { to: `Support <${reply.replyTo}>`, subject: "x" });
    const bySubject = await receive(me, { subject: `AW: ${reply.subject.toUpperCase()}` });
    expect([byTo.ticketId, bySubject.ticketId]).toEqual([ticketId, ticketId]);
  });

  it("by In-Reply-To and by References", async () => {
    const { ticketId, reply } = await conversation();
    const byReply = await receive(me, { subject: "x", headers: [`In-Reply-To: <${reply.messageId}>`] });
    const byReferences = await receive(me, {
      subject: "x",
      headers: ["References: <unknown@a.example>", "\t<first@engines.example> <other@b.example>"],
    });
    expect([byReply.ticketId, byReferences.ticketId]).toEqual([ticketId, ticketId]);
    expect(await counts(me)).toMatchObject({ tickets: 1, messages: 4 });
  });

  it("and is not taken for another matter of the same subject", async () => {
    await conversation();
    expect(await receive(me, { subject: "Re: The printer is on fire" })).toMatchObject({ outcome: "opened" });
  });
});

describe("a token", () => {
  const forged = (subject: string) => subject.replace(/-[a-z]/, (start) => (start === "-a" ? "-b" : "-a"));

  it("that is wrong opens a flagged ticket, whatever the mail refers to", async () => {
    const { ticketId, reply } = await conversation();
    const got = await receive(me, {
      from: "mallory@evil.example",
      subject: forged(reply.subject),
      headers: [`In-Reply-To: <${reply.messageId}>`],
    });
    expect(got).toMatchObject({ outcome: "opened", reason: "forged-token" });
    expect(got.ticketId).not.toBe(ticketId);
    expect(await me.entities.ticket.get(got.ticketId!)).toMatchObject({
      flagged: true,
      flagReason: "forged-token",
      subject: "The printer is on fire",
    });
    expect((await me.entities.ticket.get(ticketId)).status).toBe("pending");
  });

  it("proves nothing in the hands of another than its recipient, or for another ticket or tenant", async () => {
    const { ticketId, reply } = await conversation();
    const stolen = await receive(me, { from: "mallory@evil.example", subject: reply.subject });
    expect(stolen).toMatchObject({ outcome: "opened", reason: "forged-token" });
    const other = await receive(me, { subject: reply.subject.replace("#1-", `#${stolen.ticketNumber}-`) });
    expect(other).toMatchObject({ outcome: "opened", reason: "forged-token" });
    const elsewhere = kit.inTenant("other");
    await elsewhere.entities.mailbox.create({ address: MAILBOX });
    await receive(elsewhere, { id: "first@engines.example" });
    expect(await receive(elsewhere, { subject: reply.subject })).toMatchObject({ reason: "forged-token" });
    expect((await me.entities.ticket.get(ticketId, { include: ["messages"] })).messages).toHaveLength(2);
  });

  it("that was damaged on the way does no harm to who is known by references", async () => {
    const { ticketId, reply } = await conversation();
    const got = await receive(me, {
      subject: forged(reply.subject),
      headers: [`References: <${reply.messageId}>`],
    });
    expect(got).toMatchObject({ outcome: "threaded", ticketId, reason: null });
  });

  it("of a ticket in the recycle bin is no forgery, and opens a new one", async () => {
    const { ticketId, reply } = await conversation();
    await me.entities.ticket.delete(ticketId);
    const got = await receive(me, { subject: reply.subject });
    expect(got).toMatchObject({ outcome: "opened", reason: null });
  });

  it("of nobody's: somebody else who refers to our reply is threaded, and the ticket flagged", async () => {
    const { ticketId, reply } = await conversation();
    const headers = [`In-Reply-To: <${reply.messageId}>`];
    const got = await receive(me, { from: "charles@engines.example", headers });
    expect(got).toMatchObject({ outcome: "threaded", ticketId, reason: "reply-from-other-address" });
    expect(await me.entities.ticket.get(ticketId)).toMatchObject({
      flagged: true,
      flagReason: "reply-from-other-address",
    });
  });

  it("is not needed by those whom the customer copied in", async () => {
    const first = await receive(me, {
      headers: ["Cc: Charles <charles@engines.example>"],
      id: "cc@x.example",
    });
    const got = await receive(me, {
      from: "charles@engines.example",
      headers: ["In-Reply-To: <cc@x.example>"],
    });
    expect(got).toMatchObject({ outcome: "threaded", ticketId: first.ticketId, reason: null });
  });
});

describe("what programs answer", () => {
  it("is kept with its ticket and moves nothing", async () => {
    const { ticketId, reply } = await conversation();
    await me.entities.ticket.resolve(ticketId);
    const got = await receive(me, { subject: reply.subject, headers: ["Auto-Submitted: auto-replied"] });
    expect(got).toMatchObject({ outcome: "threaded", ticketId, reason: "auto-reply" });
    expect(await me.entities.ticketMessage.get(got.id)).toMatchObject({ automatic: "auto-reply" });
    expect((await me.entities.ticket.get(ticketId)).status).toBe("resolved");
  });

  it("is kept aside where somebody else's program refers to a message", async () => {
    const { reply } = await conversation();
    const headers = ["Auto-Submitted: auto-replied", `In-Reply-To: <${reply.messageId}>`];
    const got = await receive(me, { from: "list@elsewhere.example", headers });
    expect(got).toMatchObject({ outcome: "quarantined", ticketId: null, reason: "auto-reply" });
  });

  it("is ours where our own reply comes back", async () => {
    const { reply } = await conversation();
    const got = await receive(me, { from: MAILBOX, id: reply.messageId, subject: reply.subject });
    expect(got).toMatchObject({ outcome: "duplicate", id: reply.id });
  });
});

describe("a mail to a ticket that is done", () => {
  it("opens it again for some days", async () => {
    const { ticketId, reply } = await conversation();
    await me.entities.ticket.resolve(ticketId);
    kit.clock.advance({ days: 14 });
    const got = await receive(me, { subject: reply.subject });
    expect(got).toMatchObject({ outcome: "threaded", ticketId });
    expect(await me.entities.ticket.get(ticketId)).toMatchObject({
      status: "open",
      resolvedAt: null,
      closedAt: null,
      reopenCount: 1,
      reopenedAt: "2026-01-19T09:00:00.000Z",
    });
  });

  it("opens a new, linked one later", async () => {
    const { ticketId, reply } = await conversation();
    await me.entities.ticket.close(ticketId);
    kit.clock.advance({ days: 14, seconds: 1 });
    const got = await receive(me, { subject: reply.subject });
    expect(got.outcome).toBe("opened");
    const next = await me.entities.ticket.get(got.ticketId!, { include: ["previousTicket"] });
    expect(next).toMatchObject({
      previousTicketId: ticketId,
      flagged: false,
      subject: "The printer is on fire",
      previousTicket: { status: "closed", reopenCount: 0 },
    });
  });
});
