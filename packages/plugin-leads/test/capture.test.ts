import { consents, touchpoint } from "@corm/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { captureForm, captureSubmission, InvalidFormField, lead, leadSource } from "../src/index.js";
import { ada, contactForm, leadsCrm, openForm } from "./leads-crm.js";

let app: Awaited<ReturnType<typeof leadsCrm>>;
beforeEach(async () => {
  app = await leadsCrm();
  await app.me.entities.captureForm.create(contactForm);
});
afterEach(() => app.crm.stop());

const leadsOf = async () => (await app.me.entities.lead.find({ orderBy: ["createdAt"] })).items;
const submissions = async () => (await app.me.entities.captureSubmission.find()).items;

describe("an accepted submission", () => {
  test("becomes a lead and a touchpoint", async () => {
    const source = await app.me.entities.leadSource.create({ name: "Web site" });
    const [form] = (await app.me.entities.captureForm.find()).items;
    await app.me.entities.captureForm.update(form!.id, { sourceId: source.id });
    const _token = await openForm(app);
    const answer = await app.browser.post("contact", {
      ...ada,
      message: "Hello",
      _token,
      utm_source: "fair",
      utm_campaign: "spring",
      referrer: "https://partner.example/page",
    });
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({ status: "received", redirectUrl: null });

    const [made] = await leadsOf();
    expect(made).toMatchObject({
      firstName: "Ada",
      lastName: "Lovelace",
      email: "ada@example.com",
      notes: "Hello",
      status: "new",
      sourceId: source.id,
    });
    const points = (await app.me.entities.lead.get(made!.id, { include: ["touchpoints"] })).touchpoints;
    expect(points).toMatchObject([
      {
        channel: "form",
        source: "fair",
        details: {
          form: "contact",
          utm_source: "fair",
          utm_campaign: "spring",
          referrer: "https://partner.example/page",
        },
      },
    ]);
    expect(await submissions()).toMatchObject([
      { status: "accepted", leadId: made!.id, clientAddress: null },
    ]);
  });

  test("may be form-encoded", async () => {
    const _token = await openForm(app);
    const answer = await app.browser.post("contact", String(new URLSearchParams({ ...ada, _token })));
    expect(answer.status).toBe(202);
    expect(await leadsOf()).toMatchObject([{ lastName: "Lovelace" }]);
  });

  test("writes declared fields and no others", async () => {
    const _token = await openForm(app);
    const extra = {
      status: "qualified",
      score: 99,
      ownerId: crypto.randomUUID(),
      __proto__x: 1,
      company: "Evil",
    };
    await app.browser.post("contact", { ...ada, ...extra, _token });
    const [made] = await leadsOf();
    expect(made).toMatchObject({ status: "new", score: 0, ownerId: null, company: null });
    const [kept] = await submissions();
    expect(Object.keys(kept!.values).sort()).toEqual(["email", "firstName", "lastName"]);
  });

  test("records the consent that was ticked, with its wording", async () => {
    await app.browser.post("contact", { ...ada, news: true, _token: await openForm(app) });
    const ask = { channel: "email", address: "ada@example.com", topic: "newsletter" } as const;
    expect(await app.me.service(consents).canSend(ask)).toMatchObject({ allowed: true });
    const [entry] = (await app.me.entities.consent.find()).items;
    expect(entry?.evidence).toContain("Send me news");

    const bob = { lastName: "Bob", email: "bob@example.com", news: false };
    await app.browser.post("contact", { ...bob, _token: await openForm(app) });
    expect(await app.me.service(consents).canSend({ ...ask, address: "bob@example.com" })).toMatchObject({
      allowed: false,
    });
  });

  test("of somebody known adds a touchpoint and what was missing, no second lead", async () => {
    const known = await app.me.entities.lead.create({
      lastName: "King",
      email: "ADA@example.com",
      status: "working",
    });
    await app.browser.post("contact", { ...ada, _token: await openForm(app) });
    expect(await leadsOf()).toMatchObject([
      { id: known.id, lastName: "King", firstName: "Ada", status: "working" },
    ]);
    expect(await app.me.repo(touchpoint).count()).toBe(1);
  });

  test("of somebody whose lead is closed makes a new lead", async () => {
    await app.browser.post("contact", { ...ada, _token: await openForm(app) });
    const [first] = await leadsOf();
    expect(first?.captureKey).toBe("ada@example.com");
    await app.me.entities.lead.update(first!.id, { status: "unqualified" });
    await app.browser.post("contact", { ...ada, _token: await openForm(app) });
    expect(await leadsOf()).toMatchObject([{ status: "unqualified", captureKey: null }, { status: "new" }]);
  });
});

describe("a submission that comes twice", () => {
  test("is one, by the id that the form was given out with", async () => {
    const _token = await openForm(app);
    const answers = await Promise.all([1, 2, 3].map(() => app.browser.post("contact", { ...ada, _token })));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(await leadsOf()).toHaveLength(1);
    expect(await submissions()).toHaveLength(1);
    expect(await app.me.repo(touchpoint).count()).toBe(1);
  });

  test("is one, by the caller's own id", async () => {
    for (const _submission of ["a", "a", "b"]) {
      await app.browser.post("contact", { ...ada, _submission, _token: await openForm(app) });
    }
    expect(await submissions()).toHaveLength(2);
    expect(await leadsOf()).toHaveLength(1);
  });

  test("is one lead, whatever the ids, when the same person is captured at one moment", async () => {
    const token = () => openForm(app);
    const tokens = [await token(), await token(), await token()];
    await Promise.all(tokens.map((_token) => app.browser.post("contact", { ...ada, _token })));
    expect(await leadsOf()).toHaveLength(1);
    expect(await app.me.repo(touchpoint).count()).toBe(3);
  });
});

describe("an honest mistake", () => {
  test("is answered with the fields that are wrong, and may be sent again", async () => {
    const _token = await openForm(app);
    const wrong = { lastName: " ", email: "ada@", size: "9", message: "x".repeat(5_001), _token };
    const refusal = await app.browser.post("contact", wrong);
    expect(refusal.status).toBe(422);
    expect(await refusal.json()).toMatchObject({
      code: "validation-failed",
      errors: [
        { pointer: "/lastName", code: "required" },
        { pointer: "/email", code: "invalid-email" },
        { pointer: "/message", code: "max-length" },
        { pointer: "/size", code: "enum" },
      ],
    });
    expect(await submissions()).toEqual([]);
    expect((await app.browser.post("contact", { ...ada, _token })).status).toBe(202);
    expect(await leadsOf()).toHaveLength(1);
  });

  test("comes back to a browser with what was typed", async () => {
    const _token = await openForm(app);
    const body = String(new URLSearchParams({ lastName: `"><script>x</script>`, email: "no", _token }));
    const answer = await app.browser.post("contact", body, { headers: { accept: "text/html" } });
    expect(answer.status).toBe(422);
    const page = await answer.text();
    expect(page).toContain(`value="&quot;&gt;&lt;script&gt;x&lt;/script&gt;"`);
    expect(page).not.toContain("<script");
    expect(page).toContain(`aria-invalid="true"`);
    expect(page).toContain(_token);
  });
});

describe("a form", () => {
  test("describes itself as JSON", async () => {
    const answer = await app.browser.get("contact");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.json()).toMatchObject({
      key: "contact",
      schema: { required: ["lastName", "email", "_token"], properties: { email: { format: "email" } } },
      submit: { method: "POST", href: "/public/forms/contact" },
      honeypot: "confirmFax",
    });
  });

  test("is a page without scripts that may be embedded", async () => {
    const answer = await app.browser.get("contact?utm_source=mail", {
      headers: { accept: "text/html,application/xhtml+xml", referer: "https://shop.example/contact" },
    });
    const page = await answer.text();
    expect(answer.headers.get("content-security-policy")).toContain("frame-ancestors *");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(page).toContain(`<label for="f-email">E-mail (required)</label>`);
    expect(page).toContain(`name="utm_source" value="mail"`);
    expect(page).toContain(`name="landing_page" value="https://shop.example/contact"`);
    const token = /name="_token" value="([^"]+)"/.exec(page)?.[1];
    app.clock.advance(5_000);
    const sent = String(new URLSearchParams({ ...ada, _token: token ?? "" }));
    const thanks = await app.browser.post("contact", sent, { headers: { accept: "text/html" } });
    expect(thanks.status).toBe(202);
    expect(await thanks.text()).toContain("Thank you");
    expect(await leadsOf()).toHaveLength(1);
  });

  test("is found in its own tenant only, and only while it is active", async () => {
    await app.inTenant("acme").entities.captureForm.create({ ...contactForm, key: "acme-only" });
    expect((await app.browser.get("acme-only")).status).toBe(404);
    const answer = await app.browser.get("acme~acme-only");
    const { token } = (await answer.json()) as { token: string };
    app.clock.advance(5_000);
    await app.browser.post("acme~acme-only", { ...ada, _token: token });
    expect(await app.inTenant("acme").entities.lead.count()).toBe(1);
    expect(await leadsOf()).toEqual([]);

    const [form] = (await app.me.entities.captureForm.find()).items;
    await app.me.entities.captureForm.update(form!.id, { active: false });
    for (const path of ["contact", "nowhere", "a~b~contact", "..~contact", "~contact", "a%20b~contact"]) {
      expect((await app.browser.get(path)).status, path).toBe(404);
      expect((await app.browser.post(path, ada)).status, path).toBe(404);
    }
  });

  test.each([
    [{ name: "status", label: "x", type: "text", to: "status" }, "may not write"],
    [{ name: "a", label: "x", type: "text", to: "convertedAt" }, "may not write"],
    [{ name: "confirmFax", label: "x", type: "text" }, "trap"],
    [{ name: "size", label: "x", type: "select" }, "options"],
    [{ name: "news", label: "x", type: "consent" }, "topic"],
    [{ name: "email", label: "x", type: "text" }, "of type"],
  ] as const)("is refused with an unusable field: %j", async (field, reason) => {
    const form = { ...contactForm, key: "bad", fields: [field] };
    await expect(app.me.entities.captureForm.create(form)).rejects.toSatisfy(
      (error) => InvalidFormField.is(error) && error.message.includes(reason),
    );
  });
});

test("lead.capture takes in other channels by the same rules", async () => {
  const first = await app.me.entities.lead.capture({ values: { ...ada }, channel: "phone", source: "fair" });
  const second = await app.me.entities.lead.capture({
    values: { ...ada, phone: "+49 30 1" },
    channel: "list",
  });
  expect([first.created, second.created]).toEqual([true, false]);
  expect(second.leadId).toBe(first.leadId);
  expect(await app.me.repo(lead).get(first.leadId!)).toMatchObject({ phone: "+49 30 1" });
  await expect(
    app.me.entities.lead.capture({ values: { ...ada, status: "converted" }, channel: "list" }),
  ).rejects.toMatchObject({ code: "invalid-query" });
});

test("handles are the entities of the app", async () => {
  expect([captureForm, captureSubmission, leadSource].map(({ name }) => app.me.hasEntity(name))).toEqual([
    true,
    true,
    true,
  ]);
});
