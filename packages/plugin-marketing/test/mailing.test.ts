import { consents } from "@corm/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mailings, sendMailing } from "../src/index.js";
import { expandAudience } from "../src/sending/expand-audience.js";
import { type App, allow, newsletterApp, outcomes, seedNewsletter } from "./support/newsletter.js";
import { openSmtpSink, refusal, type SmtpSink } from "./support/smtp-sink.js";

let sink: SmtpSink;
let app: App;

beforeEach(async () => {
  sink = await openSmtpSink();
  app = await newsletterApp(sink.port);
});
afterEach(async () => {
  await app.crm.stop();
  await sink.close();
});

describe("sending a mailing", () => {
  test("reaches those who allow it, and tells why the others were left out", async () => {
    const { me } = app;
    const mailing = await seedNewsletter(me, ["ada@example.com", "GRACE@Example.com", "mary@example.com"]);
    await me.entities.contact.createMany([
      { lastName: "Nomail", accountId: (await me.entities.account.first())?.id ?? null },
    ]);
    await allow(me, "ada@example.com", "grace@example.com");

    expect(await me.entities.mailing.send(mailing.id)).toEqual({ status: "queued" });
    expect(sink.mails).toHaveLength(0);
    const [run] = await me.service(mailings).deliver();

    expect(run).toMatchObject({ status: "sent", stopped: null });
    expect(run?.deliveries).toMatchObject({ queued: 0, sent: 2, suppressed: 2, uncertain: 0 });
    expect(sink.mails.map((mail) => mail.to)).toEqual([["ada@example.com"], ["grace@example.com"]]);
    const found = await outcomes(me, mailing.id);
    expect(found).toMatchObject({ "mary@example.com": "suppressed: no-consent", "ada@example.com": "sent" });
    expect(Object.values(found)).toContain("suppressed: no-address");
    expect(await me.entities.mailing.progress(mailing.id)).toMatchObject({
      status: "sent",
      deliveries: { sent: 2, suppressed: 2 },
    });
  });

  test("writes messages as RFC 8058 wants them: one recipient, escaped, with a text part", async () => {
    const { me } = app;
    const mailing = await seedNewsletter(me, ["ada@example.com"]);
    await allow(me, "ada@example.com");
    await me.entities.mailing.send(mailing.id);
    await me.service(mailings).deliver();

    const [mail] = sink.mails;
    expect(mail?.from).toBe("news@acme.example");
    expect(mail?.headers.get("from")).toBe('"Acme, News" <news@acme.example>');
    expect(mail?.headers.get("to")).toBe("ada@example.com");
    expect(mail?.headers.get("subject")).toBe("News for R&D <Acme>");
    expect(mail?.headers.get("date")).toBe("Mon, 05 Jan 2026 09:00:00 +0000");
    expect(mail?.headers.get("list-unsubscribe-post")).toBe("List-Unsubscribe=One-Click");
    expect(mail?.headers.get("list-unsubscribe")).toMatch(
      /^<http:\/\/localhost:3000\/public\/unsubscribe\/[\w.-]+>$/,
    );
    const body = (mail?.raw ?? "").replace(/=\r\n/g, "").replaceAll("=3D", "=");
    expect(body).toContain("Dear Reader 0,");
    expect(body).toContain("news for R&amp;D &lt;Acme&gt;");
    expect(body).toContain("news for R&D <Acme>: read on (https://acme.example/?a=1&b=2).");
    const [row] = (await me.entities.delivery.find()).items;
    expect(mail?.headers.get("message-id")).toBe(`<${row?.messageId}>`);
    expect(row).toMatchObject({
      state: "sent",
      attempts: 1,
      sentAt: "2026-01-05T09:00:00.000Z",
      claim: null,
    });
  });

  test("G65 asks for consent again at the moment of sending", async () => {
    const { me } = app;
    const mailing = await seedNewsletter(me, ["ada@example.com", "grace@example.com"]);
    await allow(me, "ada@example.com", "grace@example.com");
    await me.entities.mailing.send(mailing.id);
    // Grace changes her mind while Ada's message is under way, long after both were queued.
    sink.onMail = async () => {
      await me
        .service(consents)
        .record({ channel: "email", address: "grace@example.com", topic: "news", decision: "withdrawn" });
    };
    await me.service(mailings).deliver();
    expect(sink.mails).toHaveLength(1);
    expect(await outcomes(me, mailing.id)).toEqual({
      "ada@example.com": "sent",
      "grace@example.com": "suppressed: withdrawn",
    });
  });

  test("sends nobody twice, however often and wherever it is called", async () => {
    const { me } = app;
    const emails = Array.from({ length: 12 }, (_, i) => `reader${i}@example.com`);
    // The same address twice is one recipient.
    const mailing = await seedNewsletter(me, [...emails, "Reader3@example.com"]);
    await allow(me, ...emails);
    const [first, second] = await Promise.all([
      me.entities.mailing.send(mailing.id),
      me.run(sendMailing, {}, { id: mailing.id }),
    ]);
    expect([first.status, second.status]).toEqual(["queued", "queued"]);
    await Promise.all([1, 2, 3].map(() => me.service(mailings).deliver()));
    await me.entities.mailing.send(mailing.id);
    await me.service(mailings).deliver();
    expect(sink.mails.map((mail) => mail.to.join()).sort()).toEqual([...emails].sort());
    const twice = await me.entities.delivery.find({
      where: { mailingId: mailing.id, contact: { email: "reader3@example.com" } },
    });
    expect(twice.items.map(({ state, reason }) => [state, reason]).sort()).toEqual([
      ["sent", null],
      ["suppressed", "duplicate-address"],
    ]);
  });

  test("keeps saying what it said when it was sent", async () => {
    const { me } = app;
    const mailing = await seedNewsletter(me, ["ada@example.com"]);
    await allow(me, "ada@example.com");
    await me.entities.mailing.send(mailing.id);
    await me.entities.messageTemplate.update(mailing.templateId, { subject: "Another subject" });
    await me.service(mailings).deliver();
    expect(sink.mails[0]?.headers.get("subject")).toBe("News for R&D <Acme>");
  });

  test("does not write to an address that is no longer the contact's", async () => {
    const { me } = app;
    const mailing = await seedNewsletter(me, ["ada@example.com", "grace@example.com"]);
    await allow(me, "ada@example.com", "grace@example.com", "new@example.com");
    await me.entities.mailing.send(mailing.id);
    sink.onMail = async () => {
      const grace = await me.entities.contact.first({ where: { email: "grace@example.com" } });
      if (grace) await me.entities.contact.update(grace.id, { email: "new@example.com" });
    };
    await me.service(mailings).deliver();
    expect(sink.mails.map((mail) => mail.to.join())).toEqual(["ada@example.com"]);
    expect(await outcomes(me, mailing.id)).toMatchObject({
      "new@example.com": "suppressed: address-changed",
    });
  });

  test("fails a message that would have a blank, and sends the others", async () => {
    const { me } = app;
    const mailing = await seedNewsletter(me, ["ada@example.com", "grace@example.com"]);
    await me.entities.messageTemplate.update(mailing.templateId, { html: "<p>{{ contact.phone }}</p>" });
    const grace = await me.entities.contact.first({ where: { email: "grace@example.com" } });
    await me.entities.contact.update(grace?.id ?? "", { phone: "+1 202 555 0100" });
    await allow(me, "ada@example.com", "grace@example.com");
    await me.entities.mailing.send(mailing.id);
    await me.service(mailings).deliver();
    expect(sink.mails.map((mail) => mail.to.join())).toEqual(["grace@example.com"]);
    // The template has no link of its own: every message gets one.
    expect(sink.mails[0]?.raw.replace(/=\r\n/g, "")).toMatch(
      /<a href=3D"http:\/\/localhost:3000\/public\/unsub/,
    );
    const [failed] = (await me.entities.delivery.find({ where: { state: "failed" } })).items;
    expect(failed).toMatchObject({ reason: "template-failed", attempts: 0 });
    expect(failed?.detail).toContain('"contact.phone" has no value');
  });
});

describe("a mail server's answers", () => {
  test("refused for good, and asked to come back", async () => {
    const { me, clock } = app;
    const mailing = await seedNewsletter(me, ["gone@example.com", "full@example.com", "ada@example.com"]);
    await allow(me, "gone@example.com", "full@example.com", "ada@example.com");
    await me.entities.mailing.send(mailing.id);
    sink.onRecipient = (address) => {
      if (address === "gone@example.com") throw refusal(550, "5.1.1 no such user");
    };
    let full = true;
    sink.onMail = (mail) => {
      if (full && mail.to[0] === "full@example.com") throw refusal(452, "4.2.2 mailbox full");
    };
    const [run] = await me.service(mailings).deliver();
    expect(run).toMatchObject({ status: "sending", deliveries: { sent: 1, failed: 1, queued: 1 } });
    const gone = await me.entities.delivery.first({ where: { address: "gone@example.com" } });
    expect(gone).toMatchObject({ state: "failed", reason: "rejected", detail: "550 5.1.1 no such user" });

    full = false;
    expect((await me.service(mailings).deliver())[0]?.deliveries).toMatchObject({ queued: 1 });
    clock.advance(5 * 60_000);
    const [later] = await me.service(mailings).deliver();
    expect(later).toMatchObject({ status: "sent", deliveries: { sent: 2, failed: 1, uncertain: 0 } });
    expect(await outcomes(me, mailing.id)).toMatchObject({ "full@example.com": "sent" });
  });

  test("no server: nothing counts as tried, and the run says why it stopped", async () => {
    const { me } = app;
    const mailing = await seedNewsletter(me, ["ada@example.com", "grace@example.com"]);
    await allow(me, "ada@example.com", "grace@example.com");
    await me.entities.mailing.send(mailing.id);
    await sink.close();
    const [run] = await me.service(mailings).deliver();
    expect(run).toMatchObject({ status: "sending", deliveries: { queued: 2, uncertain: 0 } });
    expect(run?.stopped).toContain("ECONNREFUSED");
    const rows = await me.entities.delivery.find({ where: { mailingId: mailing.id } });
    expect(rows.items.map((row) => row.attempts)).toEqual([0, 0]);
    sink = await openSmtpSink();
  });

  test("no answer to a message: it may have left, so it is listed and not sent again", async () => {
    const { me } = app;
    const mailing = await seedNewsletter(me, ["ada@example.com"]);
    await allow(me, "ada@example.com");
    await me.entities.mailing.send(mailing.id);
    sink.onMail = () => new Promise(() => {});
    const [run] = await me.service(mailings).deliver();
    expect(run).toMatchObject({ status: "sent", deliveries: { uncertain: 1, sent: 0 } });
    sink.onMail = () => {};
    await me.service(mailings).deliver();
    expect(sink.mails).toHaveLength(0);

    const [uncertain] = (await me.entities.delivery.find({ where: { state: "uncertain" } })).items;
    expect(uncertain).toMatchObject({ reason: "no-answer", address: "ada@example.com" });
    await me.entities.delivery.resolve(uncertain?.id ?? "", { outcome: "sent" });
    expect(await outcomes(me, mailing.id)).toEqual({ "ada@example.com": "sent: no-answer" });
  }, 20_000);
});

describe("what must not happen", () => {
  test("mail inside a transaction", async () => {
    await expect(app.me.transaction((tx) => tx.service(mailings).deliver())).rejects.toMatchObject({
      code: "delivery-in-transaction",
    });
  });

  test("changes to a mailing under way, or to deliveries", async () => {
    const { me } = app;
    const mailing = await seedNewsletter(me, ["ada@example.com"]);
    await allow(me, "ada@example.com");
    await expect(me.entities.mailing.update(mailing.id, { status: "sent" })).rejects.toMatchObject({
      code: "mailing-not-editable",
    });
    await me.entities.mailing.send(mailing.id);
    const segment = await me.entities.segment.create({ name: "Nobody", kind: "static" });
    await expect(me.entities.mailing.update(mailing.id, { segmentId: segment.id })).rejects.toMatchObject({
      code: "mailing-not-editable",
    });
    await expect(me.entities.mailing.delete(mailing.id)).rejects.toMatchObject({
      code: "mailing-not-editable",
    });
    expect((await me.entities.mailing.update(mailing.id, { name: "Renamed" })).name).toBe("Renamed");
    await me.service(mailings).deliver();
    const [row] = (await me.entities.delivery.find()).items;
    const id = row?.id ?? "";
    // Without this row the message could go out a second time.
    for (const write of [
      me.entities.delivery.update(id, { state: "queued" }),
      me.entities.delivery.delete(id),
      me.entities.delivery.purge(id),
      me.entities.delivery.create({ mailingId: mailing.id, state: "queued", attempts: 0 }),
    ]) {
      await expect(write).rejects.toMatchObject({ code: "delivery-read-only" });
    }
  });

  test("a cancelled mailing going on", async () => {
    const { me } = app;
    const mailing = await seedNewsletter(me, ["ada@example.com", "grace@example.com"]);
    await allow(me, "ada@example.com", "grace@example.com");
    await me.entities.mailing.send(mailing.id);
    sink.onMail = async () => {
      expect(await me.entities.mailing.cancel(mailing.id)).toEqual({ cancelled: 1 });
    };
    const [run] = await me.service(mailings).deliver();
    expect(run).toMatchObject({ status: "cancelled", deliveries: { sent: 1, suppressed: 1 } });
    await expect(me.entities.mailing.send(mailing.id)).rejects.toMatchObject({
      code: "mailing-not-editable",
    });
  });

  test("a slow worker opening a finished mailing again", async () => {
    const { me } = app;
    const mailing = await seedNewsletter(me, ["ada@example.com"]);
    await allow(me, "ada@example.com");
    await me.entities.mailing.send(mailing.id);
    const asItSawIt = await me.entities.mailing.get(mailing.id);
    await me.service(mailings).deliver();
    const account = await me.entities.account.first();
    await me.entities.contact.create({
      lastName: "New",
      email: "new@example.com",
      accountId: account?.id ?? null,
    });
    expect(await expandAudience(me.asSystem({ reason: "test" }), asItSawIt, undefined)).toBe(0);
    expect(await me.entities.mailing.progress(mailing.id)).toMatchObject({
      status: "sent",
      deliveries: { sent: 1, queued: 0, suppressed: 0 },
    });
  });

  test("G66 one tenant's mailing reaching another's people", async () => {
    const { me, inTenant } = app;
    const other = inTenant("other");
    await other.entities.contact.create({ lastName: "Stranger", email: "stranger@example.com" });
    await allow(other, "stranger@example.com");
    const mailing = await seedNewsletter(me, ["ada@example.com"]);
    await allow(me, "ada@example.com");
    await me.entities.mailing.send(mailing.id);
    expect(await other.service(mailings).deliver()).toEqual([]);
    await me.service(mailings).deliver();
    expect(sink.mails.map((mail) => mail.to.join())).toEqual(["ada@example.com"]);
  });
});
