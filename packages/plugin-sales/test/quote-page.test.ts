import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { attachment } from "@corm/core";
import { runJobs } from "@corm/core/testing";
import { type ServerType, serve } from "@hono/node-server";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpOf, makeQuote, type QuoteCrm, quoteCrm } from "./quote-support.js";
import { usd } from "./support.js";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const available = existsSync(CHROMIUM);
if (!available) console.info("skipped: no Chromium");
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"];
/** For looking at: the folder in which pictures are kept. */
const PICTURES = process.env["CORM_PICTURES"];

describe.skipIf(!available)(
  available ? "a quote in a browser" : "a quote in a browser (skipped: no Chromium)",
  () => {
    let test: QuoteCrm;
    let server: ServerType;
    let url: string;
    let browser: Browser;

    beforeAll(async () => {
      test = await quoteCrm();
      const { app } = await httpOf(test);
      const port = await new Promise<number>((resolve) => {
        server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, (info: AddressInfo) =>
          resolve(info.port),
        );
      });
      url = `http://127.0.0.1:${port}`;
      browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    });
    afterAll(async () => {
      await browser?.close();
      await new Promise((resolve) => server?.close(resolve));
      await test?.crm.stop();
    });

    /** A phone without scripts. */
    async function phone(): Promise<Page> {
      const context = await browser.newContext({
        javaScriptEnabled: false,
        viewport: { width: 360, height: 740 },
        isMobile: true,
        hasTouch: true,
      });
      return context.newPage();
    }

    async function sent(rest: object = {}) {
      const { id, lines } = await makeQuote(test.me, rest);
      await test.me.entities.quoteLine.update(lines[2]!, {
        description: '<img src=x onerror="alert(1)"> Gutschrift 抵扣',
        unitPrice: usd("-50"),
      });
      return test.me.entities.quote.send(id);
    }

    it("is read and accepted on a phone without JavaScript", async () => {
      const quote = await sent({ terms: "Payment within 14 days.\nDelivery free of charge." });
      const page = await phone();
      await page.goto(url + quote.path);
      expect(await page.title()).toBe(`Quote ${quote.number}`);
      expect(await page.locator("img").count()).toBe(0);
      expect(await page.locator("main").textContent()).toContain(
        '<img src=x onerror="alert(1)"> Gutschrift 抵扣',
      );
      expect(await page.locator(".total").textContent()).toContain("$1,325.00");
      // Nothing is wider than the screen, and what is to be pressed is large enough for a thumb.
      const box = await page.locator("main").boundingBox();
      expect(box!.x + box!.width).toBeLessThanOrEqual(360);
      for (const row of await page.locator("tr").all()) {
        const place = await row.boundingBox();
        if (place) expect(place.x + place.width).toBeLessThanOrEqual(360);
      }
      const accept = page.getByRole("button", { name: "Accept" });
      expect((await accept.boundingBox())!.height).toBeGreaterThanOrEqual(44);
      if (PICTURES) await page.screenshot({ path: `${PICTURES}/quote-phone.png`, fullPage: true });

      await accept.click();
      expect(await page.getByRole("alert").textContent()).toBe("Please give your name.");
      await page.getByLabel("Your name").fill("Ada Lovelace");
      await page.getByRole("button", { name: "Accept" }).click();
      expect(await page.getByRole("status").textContent()).toBe("You have accepted this quote. Thank you.");
      expect(await page.locator("form").count()).toBe(0);
      // Reloading posts nothing, and going back leads to what counts now.
      await page.reload();
      expect(await page.locator("form").count()).toBe(0);
      expect(await test.me.entities.quote.get(quote.id)).toMatchObject({
        status: "accepted",
        decidedBy: "Ada Lovelace",
        decidedHash: quote.documentHash,
      });
      await page.context().close();
    });

    it("offers the document as a PDF with its hash, where every character can be printed", async () => {
      const { id } = await makeQuote(test.me, {});
      const { accountId } = await test.me.entities.quote.get(id);
      await test.me.entities.account.update(accountId as string, { name: "Hearth & Home" });
      const { items } = await test.me.entities.quoteLine.find({ where: { quoteId: id } });
      for (const line of items) await test.me.entities.quoteLine.update(line.id, { description: "Zähler" });
      const quote = await test.me.entities.quote.send(id);
      const page = await phone();
      await page.goto(url + quote.path);
      const place = page.getByRole("link", { name: "Quote as PDF" });
      expect((await place.boundingBox())!.height).toBeGreaterThanOrEqual(24);
      const answer = await fetch(new URL((await place.getAttribute("href")) ?? "", url));
      expect(answer.headers.get("content-type")).toBe("application/pdf");
      expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect(bytes.subarray(0, 5).toString()).toBe("%PDF-");
      // The same file each time, and the same that is kept with the quote.
      await runJobs(test);
      await runJobs(test);
      const kept = await test.me.repo(attachment).find({ where: { entity: "quote", recordId: id } });
      expect(kept.items.map(({ name, contentType, sha256 }) => [name, contentType, sha256])).toEqual([
        [`${quote.number}-1.pdf`, "application/pdf", createHash("sha256").update(bytes).digest("hex")],
      ]);
      expect((await fetch(`${url}${quote.path.slice(0, -2)}xx/pdf`)).status).toBe(404);
      // No font of this app has Chinese: no PDF is offered, and the page is kept instead.
      const chinese = await sent();
      await page.goto(url + chinese.path);
      expect(await page.locator("a.pdf").count()).toBe(0);
      await runJobs(test);
      const pages = await test.me.repo(attachment).find({ where: { entity: "quote", recordId: chinese.id } });
      expect(pages.items.map(({ name }) => name)).toEqual([`${chinese.number}-1.html`]);
      await page.context().close();
    });

    it("is declined with a reason, in the language of the quote", async () => {
      const quote = await sent({ language: "de" });
      const page = await phone();
      await page.goto(url + quote.path);
      expect(await page.getAttribute("html", "lang")).toBe("de");
      await page.getByLabel("Grund").fill("Zu teuer");
      await page.getByRole("button", { name: "Ablehnen" }).click();
      expect(await page.getByRole("status").textContent()).toBe("Sie haben dieses Angebot abgelehnt.");
      expect(await test.me.entities.quote.get(quote.id)).toMatchObject({
        status: "declined",
        declineReason: "Zu teuer",
      });
      await page.context().close();
    });

    it("says that it has expired, also where the page was open before", async () => {
      const quote = await sent({ validUntil: "2026-01-05" });
      const page = await phone();
      await page.goto(url + quote.path);
      await page.getByLabel("Your name").fill("Ada");
      test.clock.set("2026-01-06T00:00:00Z");
      await page.getByRole("button", { name: "Accept" }).click();
      expect(await page.getByRole("status").textContent()).toMatch(/has expired/);
      await page.goto(url + quote.path);
      expect(await page.locator("form").count()).toBe(0);
      expect((await test.me.entities.quote.get(quote.id)).status).toBe("sent");
      await page.context().close();
    });
  },
);
