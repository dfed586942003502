import { consent, consents } from "@corm/core";
import { createHttp } from "@corm/core/http";
import type { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mailings } from "../src/index.js";
import { type App, allow, newsletterApp, outcomes, seedNewsletter } from "./support/newsletter.js";
import { openSmtpSink, type SmtpSink } from "./support/smtp-sink.js";

let sink: SmtpSink;
let app: App;
let http: Hono;

beforeEach(async () => {
  sink = await openSmtpSink();
  app = await newsletterApp(sink.port);
  http = createHttp(app.crm);
});
afterEach(async () => {
  await app.crm.stop();
  await sink.close();
});

/** Sends a mailing to two people, and answers the path of the first one's link as the mail server got it. */
async function sendAndReadLink(): Promise<string> {
  const { me } = app;
  const mailing = await seedNewsletter(me, ["ada@example.com", "grace@example.com"]);
  await allow(me, "ada@example.com", "grace@example.com");
  await me.entities.mailing.send(mailing.id);
  await me.service(mailings).deliver();
  const header = sink.mails[0]?.headers.get("list-unsubscribe") ?? "";
  return header.replace(/^<http:\/\/localhost:3000|>$/g, "");
}

const click = (path: string) =>
  http.request(path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "List-Unsubscribe=One-Click",
  });

const ledger = async () =>
  (await app.me.repo(consent).find({ where: { decision: "withdrawn" } })).items.map(
    ({ address, topic, evidence }) => ({ address, topic, evidence }),
  );

describe("the link of a message", () => {
  test("ends further mailings with one click, and only those of its topic and address", async () => {
    const { me } = app;
    const path = await sendAndReadLink();
    const answer = await click(path);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("You are unsubscribed");
    const [row] = (await me.entities.delivery.find({ where: { address: "ada@example.com" } })).items;
    expect(await ledger()).toEqual([
      {
        address: "ada@example.com",
        topic: "news",
        evidence: `one-click unsubscribe (RFC 8058), link of delivery ${row?.id}`,
      },
    ]);

    const first = await me.entities.mailing.first();
    const second = await me.entities.mailing.create({
      name: "February",
      segmentId: first?.segmentId ?? "",
      templateId: first?.templateId ?? "",
      topicId: first?.topicId ?? "",
    });
    await me.entities.mailing.send(second.id);
    await me.service(mailings).deliver();
    expect(await outcomes(me, second.id)).toEqual({
      "ada@example.com": "suppressed: withdrawn",
      "grace@example.com": "sent",
    });
    expect(sink.mails.map((mail) => mail.to.join())).toEqual([
      "ada@example.com",
      "grace@example.com",
      "grace@example.com",
    ]);
    const other = await me
      .service(consents)
      .canSend({ channel: "email", address: "ada@example.com", topic: "events" });
    expect(other.reason).toBe("no-consent");
  });

  test("answers the same however often it is clicked, and is one entry in the ledger", async () => {
    const path = await sendAndReadLink();
    for (let i = 0; i < 3; i++) expect((await click(path)).status).toBe(200);
    expect(await ledger()).toHaveLength(1);
  });

  test("shows a page that changes nothing by itself: scanners open every link", async () => {
    const path = await sendAndReadLink();
    const answer = await http.request(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
    expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
    const page = await answer.text();
    expect(page).toMatch(/<html lang="en">/);
    expect(page).toContain("<title>Unsubscribe?</title>");
    expect(page).toContain("about <strong>Acme news</strong>");
    expect(page).not.toContain("<script");
    expect(await ledger()).toEqual([]);

    // The page's own button.
    const action = /<form method="post" action="([^"]+)">/.exec(page)?.[1] ?? "";
    const posted = await http.request(path + action, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "",
    });
    expect(await posted.text()).toContain("We no longer write to <strong>ada@example.com</strong>");
    expect((await ledger())[0]?.evidence).toMatch(/^confirmed on the unsubscribe page, link of delivery/);
    expect(await (await http.request(path)).text()).toContain("You are unsubscribed");
  });

  test("I76 works only as it was written", async () => {
    const path = await sendAndReadLink();
    const token = path.slice(path.lastIndexOf("/") + 1);
    const flipped = (at: number) =>
      token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
    const purpose = app.me.tokens.sign("other", ["test", "ada@example.com", "news", "x"]);
    const shape = app.me.tokens.sign("marketing.unsubscribe", { tenant: "test" });
    const wrong = [
      token.slice(0, -1),
      flipped(3),
      flipped(token.length - 3),
      `${token}x`,
      purpose,
      shape,
      "x",
      "%00",
    ];
    for (const forged of wrong) {
      for (const method of ["GET", "POST"]) {
        const answer = await http.request(`/public/unsubscribe/${forged}`, { method });
        expect(answer.status, `${method} ${forged}`).toBe(forged === "%00" ? answer.status : 404);
        expect(answer.status).toBeLessThan(500);
        expect(answer.status).toBeGreaterThanOrEqual(400);
      }
    }
    expect(await ledger()).toEqual([]);
  });

  test("stays in its tenant", async () => {
    const path = await sendAndReadLink();
    await click(path);
    const other = app.inTenant("other");
    await allow(other, "ada@example.com");
    const decision = await other
      .service(consents)
      .canSend({ channel: "email", address: "ada@example.com", topic: "news" });
    expect(decision.allowed).toBe(true);
  });

  test("still works when the people and records behind it are gone", async () => {
    const { me } = app;
    const path = await sendAndReadLink();
    const ada = await me.entities.contact.first({ where: { email: "ada@example.com" } });
    await me.entities.contact.purge(ada?.id ?? "");
    expect((await click(path)).status).toBe(200);
    expect(await ledger()).toHaveLength(1);
  });
});

test("a mailing is sent, watched and previewed over HTTP", async () => {
  const { me } = app;
  const mailing = await seedNewsletter(me, ["ada@example.com"]);
  await allow(me, "ada@example.com");
  const { issueApiKey } = await import("@corm/core");
  const { key } = await issueApiKey(app.crm.system({ tenant: "test", reason: "test" }), {
    name: "test",
    roles: ["admin"],
  });
  const post = async (path: string, body: object = {}) => {
    const answer = await http.request(path, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  };
  expect(await post(`/api/segments/${mailing.segmentId}/preview`)).toMatchObject({
    status: 200,
    body: { count: 1 },
  });
  expect(await post(`/api/mailings/${mailing.id}/send`)).toEqual({ status: 200, body: { status: "queued" } });
  await me.service(mailings).deliver();
  expect(await post(`/api/mailings/${mailing.id}/progress`)).toMatchObject({
    body: { status: "sent", deliveries: { sent: 1 } },
  });
  const wrong = await post("/api/segments", { name: "x", kind: "dynamic", where: { nowhere: 1 } });
  expect(wrong).toMatchObject({
    status: 422,
    body: { code: "invalid-segment", errors: [{ pointer: "/where" }] },
  });
  expect((await http.request(`/api/mailings/${mailing.id}/send`, { method: "POST" })).status).toBe(401);
});
