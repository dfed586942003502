import { consents, crmCore, definePlugin, mailPort, type OutgoingMail, provide } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { captcha, leads } from "../src/index.js";
import { ada, contactForm } from "./leads-crm.js";

const sent: OutgoingMail[] = [];
let solved = true;
/** Stands for a mail server and a captcha, which are not Corm's. */
const outside = definePlugin({
  name: "outside",
  version: "0.1.0",
  corm: "^0.1",
  setup: () => ({
    services: [
      provide(mailPort, () => ({
        send: async (mail) => {
          sent.push(mail);
          return { outcome: "sent", detail: "250 ok" };
        },
      })),
      provide(captcha, () => ({
        verify: async ({ token }) => {
          if (token === "broken") throw new Error("unreachable");
          return solved && token === "good";
        },
      })),
    ],
  }),
});
const confirmation = {
  from: { name: "Example", address: "hello@example.com" },
  publicUrl: "https://crm.example.com/",
};
const make = () =>
  createTestCrm({ plugins: [crmCore(), outside(), leads({ confirmation, perAddressPerMinute: 99 })] });
let test: Awaited<ReturnType<typeof make>>;
let http: ReturnType<typeof createHttp>;
beforeEach(async () => {
  sent.length = 0;
  solved = true;
  test = await make();
  http = createHttp(test.crm);
});
afterEach(() => test.crm.stop());

const json = { "content-type": "application/json" };
const post = (path: string, body: object, headers: Record<string, string> = json) =>
  http.request(`/public/forms/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
async function send(rest: object = {}) {
  const { token } = (await (await http.request("/public/forms/contact")).json()) as { token: string };
  test.clock.advance({ seconds: 20 });
  return post("contact", { ...ada, news: true, _token: token, ...rest });
}
const form = (rest: object = {}) =>
  test.me.entities.captureForm.create({ ...contactForm, doubleOptIn: true, ...rest });
const linkOf = (mail: OutgoingMail | undefined) => new URL(/https:\S+/.exec(mail?.text ?? "")?.[0] ?? "");
const mayWrite = async () =>
  (await test.me.service(consents).canSend({ channel: "email", address: ada.email, topic: "newsletter" }))
    .allowed;

it("asks whoever is named, and makes a lead when he confirms: once, and not by looking at the link", async () => {
  await form();
  expect((await send()).status).toBe(202);
  await runJobs(test);
  expect(await test.me.entities.lead.count()).toBe(0);
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatchObject({ to: { address: "ada@example.com" }, from: confirmation.from });
  const link = linkOf(sent[0]);
  expect(link.href).toMatch(/^https:\/\/crm\.example\.com\/public\/forms\/test~contact\/confirm\?token=/);

  const page = await http.request(link.pathname + link.search, { headers: { accept: "text/html" } });
  expect([page.status, await test.me.entities.lead.count()]).toEqual([200, 0]);
  expect(await page.text()).toContain("Yes, it was me");
  const path = `${decodeURIComponent(link.pathname).replace("/public/forms/", "")}`;
  const token = link.searchParams.get("token");
  for (let again = 0; again < 2; again++) {
    const answer = await post(path, { token });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({ status: "confirmed" }),
    ]);
  }
  expect(await test.me.entities.lead.count()).toBe(1);
  expect(await mayWrite()).toBe(true);
  const [submission] = (await test.me.entities.captureSubmission.find()).items;
  expect(submission).toMatchObject({ status: "accepted", confirmedAt: expect.any(String) });
});

it("forgets what nobody confirms in time, and a link that has run out holds no more", async () => {
  await form({ confirmHours: 2 });
  await send();
  await runJobs(test);
  const link = linkOf(sent[0]);
  await runJobs(test, { for: { hours: 3 } });
  const answer = await post("contact/confirm", { token: link.searchParams.get("token") });
  expect([answer.status, await answer.json()]).toEqual([410, expect.objectContaining({ status: "expired" })]);
  const [submission] = (await test.me.entities.captureSubmission.find()).items;
  expect(submission).toMatchObject({ status: "lapsed", values: {}, touch: null });
  expect(await test.me.entities.lead.count()).toBe(0);
});

it("may make the lead at once; but nobody has agreed to anything before he confirms", async () => {
  await form({ leadWhen: "submitted" });
  await send();
  await runJobs(test);
  expect(await test.me.entities.lead.count()).toBe(1);
  expect(await mayWrite()).toBe(false);
  await post("contact/confirm", { token: linkOf(sent[0]).searchParams.get("token") });
  expect(await mayWrite()).toBe(true);
  expect([await test.me.entities.lead.count(), await test.me.entities.touchpoint.count()]).toEqual([1, 1]);
});

it("takes no token of another form, and none that is made up", async () => {
  await form();
  await form({ key: "other" });
  await send();
  await runJobs(test);
  const token = linkOf(sent[0]).searchParams.get("token") as string;
  for (const [path, given] of [
    ["other/confirm", token],
    ["contact/confirm", `${token}x`],
    ["contact/confirm", undefined],
  ] as const)
    expect((await post(path, { token: given })).status).toBe(410);
  expect(await test.me.entities.lead.count()).toBe(0);
});

it("holds back what comes without a solved captcha, with the same answer", async () => {
  await form({ doubleOptIn: false, captcha: true });
  const answers: string[] = [];
  for (const _captcha of ["good", "bad", "broken", undefined]) {
    const answer = await send({ _captcha, email: `x${_captcha}@example.com` });
    answers.push(`${answer.status} ${await answer.text()}`);
  }
  expect(new Set(answers).size).toBe(1);
  expect(await test.me.entities.lead.count()).toBe(1);
  expect(await test.me.entities.captureSubmission.count({ reason: "captcha-failed" })).toBe(3);
});

it("refuses forms that the app cannot keep", async () => {
  const plain = await createTestCrm({ plugins: [crmCore(), leads()] });
  const create = (rest: object) => plain.me.entities.captureForm.create({ ...contactForm, ...rest });
  await expect(create({ doubleOptIn: true })).rejects.toMatchObject({ code: "form-needs" });
  await expect(create({ captcha: true })).rejects.toMatchObject({ code: "form-needs" });
  await plain.crm.stop();
  const fields = [{ name: "lastName", label: "Name", type: "text" as const }];
  await expect(form({ fields })).rejects.toMatchObject({ code: "form-needs" });
});
