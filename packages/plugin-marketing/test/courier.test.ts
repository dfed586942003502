import { crmCore } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mailings, marketing } from "../src/index.js";
import { allow, seedNewsletter } from "./support/newsletter.js";
import { openSmtpSink, type SmtpSink } from "./support/smtp-sink.js";

let sink: SmtpSink;
beforeEach(async () => {
  sink = await openSmtpSink();
});
afterEach(() => sink.close());

const open = () =>
  createTestCrm({
    plugins: [
      crmCore(),
      marketing({
        smtp: { host: "127.0.0.1", port: sink.port, connections: 1 },
        from: { address: "news@acme.example" },
        publicUrl: "https://crm.acme.example",
      }),
    ],
  });

test("what is sent leaves by itself, after the commit and without the caller waiting", async () => {
  const { crm, me, errors } = await open();
  const mailing = await seedNewsletter(me);
  await allow(me, "ada@example.com", "grace@example.com");
  await expect(
    me.transaction(async (tx) => {
      await tx.entities.mailing.send(mailing.id);
      throw new Error("changed my mind");
    }),
  ).rejects.toThrow("changed my mind");
  await me.entities.mailing.send(mailing.id);
  await vi.waitFor(
    async () => expect((await me.entities.mailing.get(mailing.id)).status).toBe("sent"),
    10_000,
  );
  expect(sink.mails).toHaveLength(2);
  expect(errors).toEqual([]);
  await crm.stop();
});

test("stopping the app lets the message under way finish, and leaves the rest queued", async () => {
  const { crm, me } = await open();
  const mailing = await seedNewsletter(me);
  await allow(me, "ada@example.com", "grace@example.com");
  let answered = () => {};
  const answer = new Promise<void>((resolve) => {
    answered = resolve;
  });
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  sink.onMail = () => {
    arrived();
    return answer;
  };
  await me.entities.mailing.send(mailing.id);
  await arrival;
  const stopped = crm.stop();
  answered();
  await stopped;
  expect(sink.mails).toHaveLength(1);
});

test("without a mail server, sending is refused with what is missing", async () => {
  const { crm, me } = await createTestCrm({
    plugins: [crmCore(), marketing({ from: { address: "a@b.example" } })],
  });
  const mailing = await seedNewsletter(me);
  await expect(me.entities.mailing.send(mailing.id)).rejects.toMatchObject({ code: "mail-not-configured" });
  await expect(me.entities.mailing.send(mailing.id)).rejects.toThrow("Sending needs smtp and publicUrl");
  expect((await me.entities.mailing.get(mailing.id)).status).toBe("draft");
  await expect(me.service(mailings).deliver()).rejects.toMatchObject({ code: "mail-not-configured" });
  await crm.stop();
});
