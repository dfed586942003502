import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ada, contactForm, leadsCrm, openForm } from "./leads-crm.js";

let app: Awaited<ReturnType<typeof leadsCrm>>;
beforeEach(async () => {
  app = await leadsCrm();
  await app.me.entities.captureForm.create(contactForm);
});
afterEach(() => app.crm.stop());

const held = async () =>
  (await app.me.entities.captureSubmission.find({ where: { status: "quarantined" } })).items;

describe("I79 held back, with the same answer as an accepted submission", () => {
  const cases: readonly [string, (token: string) => object, number][] = [
    ["honeypot", (_token) => ({ ...ada, _token, confirmFax: "yes" }), 20],
    ["too-fast", (_token) => ({ ...ada, _token }), 1.9],
    ["expired", (_token) => ({ ...ada, _token }), 24 * 3600 + 1],
    ["forged-token", (_token) => ({ ...ada, _token: `${_token.slice(0, -2)}xx` }), 20],
    ["forged-token", () => ({ ...ada }), 20],
    ["forged-token", () => ({ ...ada, _token: { a: 1 } }), 20],
    ["too-many-links", (_token) => ({ ...ada, _token, message: "http://a.b www.c.de <a href=x> buy" }), 20],
  ];
  test.each(cases)("%s", async (reason, body, seconds) => {
    const good = await app.browser.post("contact", {
      lastName: "Good",
      email: "good@example.com",
      _token: await openForm(app),
    });
    const token = await openForm(app, "contact", seconds);
    const answer = await app.browser.post("contact", body(token));
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual(await good.json());
    expect(await held()).toMatchObject([
      { reason, leadId: null, clientAddress: "203.0.113.7", values: { lastName: "Lovelace" } },
    ]);
    expect(await app.me.entities.lead.count()).toBe(1);
  });

  test("accepts the edges: two seconds, and a day", async () => {
    for (const seconds of [2, 24 * 3600]) {
      await app.browser.post("contact", { ...ada, _token: await openForm(app, "contact", seconds) });
    }
    expect(await held()).toEqual([]);
  });

  test("a token of another form or tenant", async () => {
    await app.me.entities.captureForm.create({ ...contactForm, key: "other" });
    await app.browser.post("other", { ...ada, _token: await openForm(app, "contact") });
    await app.inTenant("acme").entities.captureForm.create(contactForm);
    await app.browser.post("contact", { ...ada, _token: await openForm(app, "acme~contact") });
    expect((await held()).map(({ reason }) => reason)).toEqual(["forged-token", "forged-token"]);
  });

  test("more than a visitor sends: the visitor's address counts, not the form alone", async () => {
    const tokens: string[] = [];
    for (let i = 0; i < 8; i++) tokens.push(await openForm(app, "contact", 0));
    app.clock.advance(10_000);
    for (const _token of tokens.slice(0, 7)) await app.browser.post("contact", { ...ada, _token });
    expect(await held()).toMatchObject([{ reason: "rate-limited" }]);
    await app.browser.post("contact", { ...ada, _token: tokens[7] }, { address: "198.51.100.1" });
    expect(await held()).toHaveLength(1);
    app.clock.advance(60_000);
    await app.browser.post("contact", { ...ada, _token: await openForm(app) });
    expect(await held()).toHaveLength(1);
  });

  test("a flood is refused and leaves nothing", async () => {
    const answers: number[] = [];
    for (let i = 0; i < 62; i++) answers.push((await app.browser.post("contact", { ...ada })).status);
    expect(answers.filter((status) => status === 429)).toHaveLength(2);
    expect(await app.me.entities.captureSubmission.count()).toBe(60);
  });
});

test("too much text is held back, a huge body refused", async () => {
  const _token = await openForm(app);
  const message = "long ".repeat(5_000);
  expect((await app.browser.post("contact", { ...ada, message, _token })).status).toBe(202);
  expect(await held()).toMatchObject([{ reason: "too-large" }]);
  const huge = { ...ada, message: "x".repeat(5_000_000), _token };
  expect((await app.browser.post("contact", huge)).status).toBe(413);
});

test.each([
  ["text/plain", "x", 415],
  ["multipart/form-data; boundary=x", "x", 415],
  ["application/json", "{", 400],
  ["application/json", "[1]", 422],
])("a body that is no form: %s %s", async (type, body, status) => {
  const answer = await app.browser.post("contact", body, { headers: { "content-type": type } });
  expect(answer.status).toBe(status);
});

describe("release", () => {
  const quarantine = async (values: object) => {
    await app.browser.post("contact", {
      ...values,
      confirmFax: "x",
      utm_source: "ad",
      _token: await openForm(app),
    });
    return (await held())[0]!;
  };

  test("makes the lead that it would have been, once", async () => {
    const { id, createdAt } = await quarantine({ ...ada, news: true });
    app.clock.advance({ hours: 5 });
    const [first, second] = [
      await app.me.entities.captureSubmission.release(id),
      await app.me.entities.captureSubmission.release(id),
    ];
    expect(first).toEqual(second);
    expect(await app.me.entities.lead.find()).toMatchObject({
      items: [{ id: first.leadId, lastName: "Lovelace" }],
    });
    expect((await app.me.entities.touchpoint.find()).items).toMatchObject([
      { source: "ad", capturedAt: createdAt, leadId: first.leadId },
    ]);
    expect(await app.me.entities.consent.count()).toBe(1);
    expect(await app.me.entities.captureSubmission.get(id)).toMatchObject({
      status: "released",
      reason: "honeypot",
    });
  });

  test("is refused while the answers do not fit the form", async () => {
    const { id } = await quarantine({ lastName: "X", email: "nonsense" });
    await expect(app.me.entities.captureSubmission.release(id)).rejects.toMatchObject({
      code: "validation-failed",
      issues: [{ pointer: "/email" }],
    });
    expect(await app.me.entities.lead.count()).toBe(0);
  });
});
