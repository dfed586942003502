import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { createClient, isCormClientError } from "../src/index.js";
import { bundle } from "./support/bundle.js";
import { listen, type Served, type ShopCrm, serveShop } from "./support/serve.js";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const available = existsSync(CHROMIUM);
if (!available) console.info("skipped: no Chromium");

/** Where nothing outside is reached for. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const PAGE = `<!doctype html><title>Front end</title>
<script type="module">import * as client from "/client.js"; Object.assign(globalThis, client);</script>`;

/** What the page has loaded. */
interface Loaded {
  readonly createClient: typeof createClient<ShopCrm>;
  readonly isCormClientError: typeof isCormClientError;
}

describe.skipIf(!available)(available ? "in a browser" : "in a browser (skipped: no Chromium)", () => {
  let served: Served;
  let site: { url: string; close(): Promise<void> };
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  /** What the page asked the API for, in order. */
  const asked: Request[] = [];

  beforeAll(async () => {
    served = await serveShop();
    const { code } = await bundle('export * from "./index.js";');
    const html = {
      headers: { "content-type": "text/html", "set-cookie": "session=s1; Path=/; SameSite=Lax" },
    };
    const script = { headers: { "content-type": "text/javascript" } };
    site = await listen((request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/") return new Response(PAGE, html);
      if (pathname === "/client.js") return new Response(code, script);
      asked.push(request);
      if (pathname === "/crm/api/changes/stream") return changesStream(request);
      const path = request.url.slice(request.url.indexOf("/crm") + "/crm".length);
      return served.http.fetch(new Request(`http://localhost${path}`, request));
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    page = await browser.newPage();
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.goto(site.url);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    await served?.close();
  });

  it("creates, finds, streams, acts and reports errors", async () => {
    const result = await page.evaluate(async (key) => {
      const { createClient, isCormClientError } = globalThis as unknown as Loaded;
      const client = createClient({ url: "/crm", key });
      const made = await client.shopOrder.create({
        code: "B1",
        total: { amount: "3.50", currency: "EUR" },
      });
      await client.shopOrder.update(made.id, { pieces: 3 }, { version: 1 });
      const paid = await client.shopOrder.pay(made.id, { by: "card" });
      for (let n = 2; n <= 5; n++) await client.shopOrder.create({ code: `B${n}` });
      const codes: string[] = [];
      for await (const row of client.shopOrder.stream({ orderBy: ["code"], limit: 2 })) codes.push(row.code);
      const error = await client.shopOrder.create({ code: "B1" }).catch((reason: unknown) => reason);
      return { paid, codes, code: isCormClientError(error) && error.code };
    }, served.key);
    expect(result).toEqual({
      paid: { state: "paid", by: "card" },
      codes: ["B1", "B2", "B3", "B4", "B5"],
      code: "unique-violation",
    });
    expect(await served.me.entities.shopOrder.count({ state: "paid", pieces: 3 })).toBe(1);
    expect(problems).toEqual([]);
  });

  it("reads changes with its bearer, which an EventSource could not send, and goes on after a break", async () => {
    const seen = await page.evaluate(async (key) => {
      const { createClient } = globalThis as unknown as Loaded;
      const client = createClient({ url: "/crm", key, retry: { baseMs: 5 } });
      const records: (string | null)[] = [];
      for await (const change of client.changes({ after: "0" })) {
        records.push(change.record);
        if (records.length === 3) break;
      }
      return records;
    }, served.key);
    expect(seen).toEqual(["1", "2", "3"]);
    const streams = asked.filter(({ url }) => url.endsWith("/changes/stream"));
    expect(streams.map(({ headers }) => headers.get("last-event-id"))).toEqual(["0", "1", "2"]);
    expect(streams.every(({ headers }) => headers.get("authorization") === `Bearer ${served.key}`)).toBe(
      true,
    );
  });

  it("sends the session cookie with the proof against forgery", async () => {
    asked.length = 0;
    await page.evaluate(async () => {
      const { createClient } = globalThis as unknown as Loaded;
      const client = createClient({
        url: "/crm",
        cookies: { csrf: () => "proof" },
        paths: { shopOrder: "till-rolls" },
      });
      await client.shopOrder.create({ code: "B6" }).catch(() => undefined);
    });
    expect(asked.map(({ headers }) => [headers.get("cookie"), headers.get("x-csrf-token")])).toEqual([
      ["session=s1", "proof"],
    ]);
  });
});

/** One change per connection, then the end. */
function changesStream(request: Request): Response {
  const n = Number(request.headers.get("last-event-id") ?? "0") + 1;
  return new Response(`retry: 5\nid: ${n}\ndata: {"record":"${n}"}\n\n`, {
    headers: { "content-type": "text/event-stream" },
  });
}
