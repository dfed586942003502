import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHttp } from "@corm/core/http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApi, type TestApi } from "./support/start.js";

const CHROMIUM = process.env["CORM_CHROMIUM"] ?? "/usr/bin/chromium";
const present = existsSync(CHROMIUM);
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ tenants: ["test"], title: "Parcels & <more>" });
});
afterAll(() => api.crm.stop());

it("is served from the package, and may load nothing from elsewhere", async () => {
  const page = await api.call("GET", "/docs", { key: null });
  expect(page.status).toBe(200);
  expect(page.text).toContain("Parcels &amp; &lt;more&gt;");
  for (const [, target = ""] of page.text.matchAll(/(?:src|href)="([^"]*)"/g))
    expect(target).toMatch(/^(docs\/[\w.-]+|data:,)$/);
  const policy = page.headers.get("content-security-policy");
  expect(policy).toMatch(/^default-src 'none'; script-src 'self';/);
  expect(policy).not.toMatch(/https?:|script-src[^;]*unsafe/);
  for (const file of ["swagger-ui.css", "swagger-ui-bundle.js", "start.js"]) {
    const { status, headers, text } = await api.call("GET", `/docs/${file}`, { key: null });
    expect([status, headers.get("x-content-type-options")]).toEqual([200, "nosniff"]);
    expect(text.length).toBeGreaterThan(100);
  }
  await api.fails(404, "route-not-found", "GET", "/docs/package.json", { key: null });
  await api.fails(404, "route-not-found", "GET", "/docs/..%2fpackage.json", { key: null });
});

if (!present && process.env["CI"]) it("has a browser", () => expect.fail(`CI has no ${CHROMIUM}`));

describe.skipIf(!present)(present ? "in Chromium" : "in Chromium (skipped: no Chromium)", () => {
  let server: Server;
  let profile: string;
  beforeAll(async () => {
    const host = new Hono().route("/crm", createHttp(api.crm, { tenants: ["test"] }));
    server = createServer(getRequestListener(host.fetch)).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    profile = mkdtempSync(join(tmpdir(), "corm-chromium-"));
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(profile, { recursive: true, force: true });
  });

  it("shows every entity with its operations, mounted anywhere, without a complaint", async () => {
    const { port } = server.address() as AddressInfo;
    const browser = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      headless: true,
      args: FLAGS,
    });
    try {
      const page = await browser.newPage();
      const complaints: string[] = [];
      const asked: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(`http://127.0.0.1:${port}/crm/docs`);
      const parcels = page.locator("#operations-tag-Parcel");
      await parcels.waitFor({ timeout: 60_000 });
      await parcels.click();
      const create = page.locator(".opblock-post", { hasText: "Create a parcel" }).first();
      await create.locator(".opblock-summary-control").click();
      await create.getByText("Idempotency-Key").first().waitFor();
      const shot = process.env["CORM_SCREENSHOT"];
      if (shot) await page.screenshot({ path: shot, fullPage: false });
      expect(complaints).toEqual([]);
      expect(asked.filter((url) => !/^(http:\/\/127\.0\.0\.1:\d+\/crm\/|data:)/.test(url))).toEqual([]);
    } finally {
      await browser.close();
    }
  }, 180_000);
});
