import { existsSync } from "node:fs";
import { crmCore } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listen } from "../../client/test/support/serve.js";
import { leads } from "../src/index.js";
import { contactForm } from "./leads-crm.js";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const available = existsSync(CHROMIUM);
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-sync",
];

describe.skipIf(!available)(
  available ? "a form in a browser" : "a form in a browser (skipped: no Chromium)",
  () => {
    const make = () => createTestCrm({ plugins: [crmCore(), leads({ perAddressPerMinute: 99 })] });
    let app: Awaited<ReturnType<typeof make>>;
    let site: Awaited<ReturnType<typeof listen>>;
    /** Another site, which has the form in a frame. */
    let host: Awaited<ReturnType<typeof listen>>;
    let browser: Browser;
    let page: Page;

    beforeAll(async () => {
      app = await make();
      await app.me.entities.captureForm.create(contactForm);
      const http = createHttp(app.crm);
      site = await listen((request) => http.fetch(request));
      const frame = `<!doctype html><iframe src="${site.url}/public/forms/contact?utm_source=partner"></iframe>`;
      host = await listen(() => new Response(frame, { headers: { "content-type": "text/html" } }));
      browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    });
    beforeEach(async () => {
      page = await browser.newPage();
    });
    afterAll(async () => {
      await browser?.close();
      await site?.close();
      await host?.close();
      await app?.crm.stop();
    });
    const fill = async (form: Pick<Page, "getByLabel">, email: string) => {
      await form.getByLabel("First name").fill("Ada");
      await form.getByLabel("Last name").fill("Lovelace");
      await form.getByLabel("E-mail").fill(email);
      await form.getByLabel("Send me news").check();
      app.clock.advance({ seconds: 20 });
    };

    it("is filled in, comes back with what is wrong and with what was typed, and becomes a lead", async () => {
      await page.goto(`${site.url}/public/forms/contact?utm_source=newsletter&utm_campaign=spring&gclid=g1`, {
        referer: "https://search.example/",
      });
      expect(await page.getByLabel("Leave this field empty").isVisible()).toBe(true);
      expect(await page.getByLabel("Leave this field empty").boundingBox()).toMatchObject({
        x: expect.any(Number),
      });
      await fill(page, "not an address");
      await page.getByRole("button", { name: "Send" }).click();
      await page.getByRole("alert").waitFor();
      expect(await page.getByLabel("Last name").inputValue()).toBe("Lovelace");
      expect(await page.getByLabel("E-mail").getAttribute("aria-invalid")).toBe("true");
      await page.getByLabel("E-mail").fill("ada@example.com");
      await page.getByRole("button", { name: "Send" }).click();
      await page.getByText("Thank you").waitFor();
      const [lead] = (await app.me.entities.lead.find({ where: { email: "ada@example.com" } })).items;
      expect(lead).toMatchObject({ firstName: "Ada", lastName: "Lovelace" });
      const [touch] = (await app.me.entities.touchpoint.find({ where: { leadId: lead!.id } as never })).items;
      expect(touch?.details).toMatchObject({
        ...{ utm_source: "newsletter", utm_campaign: "spring", gclid: "g1", form: "contact" },
        landing_page: "https://search.example/",
      });
    });

    it("works in a frame of another site, without script", async () => {
      const context = await browser.newContext({ javaScriptEnabled: false });
      const other = await context.newPage();
      await other.goto(host.url);
      const form = other.frameLocator("iframe");
      await fill(form, "frame@example.com");
      await form.getByRole("button", { name: "Send" }).click();
      await form.getByText("Thank you").waitFor();
      expect(await app.me.entities.lead.count({ email: "frame@example.com" })).toBe(1);
      await context.close();
    });

    it("is sent twice by whoever reloads the page, and is one submission", async () => {
      await page.goto(`${site.url}/public/forms/contact`);
      await fill(page, "twice@example.com");
      await page.getByRole("button", { name: "Send" }).click();
      await page.getByText("Thank you").waitFor();
      // The browser posts again what it has posted.
      await page.reload();
      await page.getByText("Thank you").waitFor();
      const [lead] = (await app.me.entities.lead.find({ where: { email: "twice@example.com" } })).items;
      expect(await app.me.entities.touchpoint.count({ leadId: lead!.id } as never)).toBe(1);
    });

    it("keeps a program that fills in everything out, and tells it nothing", async () => {
      await page.goto(`${site.url}/public/forms/contact`);
      await fill(page, "bot@example.com");
      await page.locator("#confirmFax").fill("1", { force: true });
      await page.getByRole("button", { name: "Send" }).click();
      await page.getByText("Thank you").waitFor();
      expect(await app.me.entities.lead.count({ email: "bot@example.com" })).toBe(0);
      expect(await app.me.entities.captureSubmission.count({ reason: "honeypot" })).toBe(1);
    });
  },
);
