import { issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { afterEach, beforeEach, expect, it } from "vitest";
import { counts, letter, MAILBOX, type ServiceCrm, serviceCrm } from "./support.js";

let kit: ServiceCrm;
let call: (path: string, init?: RequestInit & { duplex?: "half" }) => Promise<Response>;
beforeEach(async () => {
  kit = await serviceCrm({ maxMailBytes: 4096 });
  const app = createHttp(kit.crm);
  const { key } = await issueApiKey(kit.crm.system({ tenant: "test", reason: "test" }), {
    name: "mx",
    roles: ["admin"],
  });
  call = async (path, init = {}) =>
    app.request(path, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } });
});
afterEach(async () => {
  expect(kit.errors).toEqual([]);
  await kit.crm.stop();
});

const post = (
  raw: string | Uint8Array,
  { path = `/api/inbound-mail/${MAILBOX}`, type = "message/rfc822" } = {},
) =>
  call(path, {
    method: "POST",
    body: raw as RequestInit["body"],
    headers: { "content-type": type },
  } as RequestInit);

it("F59 takes in mail as the mail server has it, and gives it back byte for byte", async () => {
  const raw = Buffer.concat([
    Buffer.from(letter({ id: "a@x.example" })),
    Uint8Array.from([0xff, 0xfe, 0x00, 0x0a]),
  ]);
  const answer = await post(raw);
  expect(answer.status).toBe(201);
  const receipt = (await answer.json()) as { id: string; ticketId: string };
  expect(receipt).toMatchObject({ outcome: "opened", ticketNumber: 1 });
  const again = await post(raw);
  expect(again.status).toBe(200);
  expect(await again.json()).toMatchObject({ outcome: "duplicate", ticketId: receipt.ticketId });

  const original = await call(`/api/ticket-messages/${receipt.id}/original`);
  expect(original.headers.get("content-type")).toBe("message/rfc822");
  expect(original.headers.get("content-disposition")).toMatch(/^attachment/);
  expect(original.headers.get("x-content-type-options")).toBe("nosniff");
  expect(original.headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
  expect(Buffer.from(await original.arrayBuffer()).equals(raw)).toBe(true);

  const ticket = await (await call(`/api/tickets/${receipt.ticketId}?include=messages,contact`)).json();
  expect(ticket).toMatchObject({ subject: "The printer is on fire", contact: { lastName: "Lovelace" } });
  // The mail itself is no record of the API.
  expect((await call("/api/mail-sources")).status).toBe(404);
});

it("H73 wants a credential, a mailbox, and a mail", async () => {
  const anonymous = { headers: { authorization: "", "content-type": "message/rfc822" }, method: "POST" };
  expect((await call(`/api/inbound-mail/${MAILBOX}`, { ...anonymous, body: letter() })).status).toBe(401);
  const nowhere = await post(letter(), { path: "/api/inbound-mail/sales@corm.example" });
  expect(nowhere.status).toBe(404);
  expect(await nowhere.json()).toMatchObject({ code: "mailbox-unknown" });
  const json = await post("{}", { type: "application/json" });
  expect(json.status).toBe(415);
  expect(await json.json()).toMatchObject({ code: "mail-type-unsupported" });
  expect((await call("/api/ticket-messages/nothing/original")).status).toBe(404);
  expect(await counts(kit.me)).toEqual({ tickets: 0, messages: 0, contacts: 0 });
});

it("keeps mail that is too long, without reading it into memory", async () => {
  const head = Buffer.from(letter());
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent === 0) controller.enqueue(head);
      controller.enqueue(new Uint8Array(64 * 1024).fill(0x78));
      if (++sent === 100) controller.close();
    },
  });
  const answer = await call(`/api/inbound-mail/${MAILBOX}`, {
    method: "POST",
    body,
    duplex: "half",
    headers: { "content-type": "message/rfc822" },
  });
  expect(answer.status).toBe(200);
  const receipt = (await answer.json()) as { id: string };
  expect(receipt).toMatchObject({ outcome: "quarantined", reason: "too-large: it has more than 4096 bytes" });
  expect(await kit.me.entities.ticketMessage.get(receipt.id)).toMatchObject({
    subject: "The printer is on fire",
    size: 4097,
  });
});

it("tells bounces by the envelope", async () => {
  const bounce = await post(letter(), { path: `/api/inbound-mail/${MAILBOX}?sender=` });
  expect(await bounce.json()).toMatchObject({ outcome: "quarantined", reason: "bounce" });
  const mail = await post(letter(), { path: `/api/inbound-mail/${MAILBOX}?sender=ada@engines.example` });
  expect(mail.status).toBe(201);
});

it("replies, resolves and reopens, and threads an answer to the tagged address", async () => {
  const send = async (path: string, body: unknown) => {
    const answer = await call(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  const opened = await send("/api/tickets/receive-email", { raw: letter(), mailbox: MAILBOX });
  expect(opened).toMatchObject({ status: 200, body: { outcome: "opened" } });
  const { ticketId } = opened.body;
  const reply = await send(`/api/tickets/${ticketId}/reply`, { text: "Throw water on it." });
  expect(reply.body["subject"]).toMatch(/^Re: The printer is on fire \[#1-/);
  const refused = await send(`/api/tickets/${ticketId}/reply`, {
    text: "x",
    to: "a@b.co\r\nBcc: evil@x.com",
  });
  expect(refused).toMatchObject({ status: 422, body: { code: "address-unusable" } });
  expect(await send(`/api/tickets/${ticketId}/resolve`, {})).toMatchObject({ body: { status: "resolved" } });
  const answer = await post(letter({ subject: "Thanks" }), {
    path: `/api/inbound-mail/${reply.body["replyTo"]}`,
  });
  expect(await answer.json()).toMatchObject({ outcome: "threaded", ticketId });
  expect(await (await call(`/api/tickets/${ticketId}`)).json()).toMatchObject({
    status: "open",
    reopenCount: 1,
  });
  const bad = await send("/api/tickets/receive-email", { raw: "%%%", encoding: "base64", mailbox: MAILBOX });
  expect(bad).toMatchObject({ status: 400, body: { code: "mail-unreadable" } });
});
