import { crmCore, exchange, issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { knexStorage } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { describe, expect, it } from "vitest";
import { counting } from "../support/counting.js";
import { databases, suiteName } from "../support/databases.js";

const rates = [
  { base: "USD", quote: "EUR", validFrom: "2025-12-01", rate: "0.95" },
  { base: "USD", quote: "EUR", validFrom: "2026-01-01", rate: "0.9" },
  { base: "USD", quote: "EUR", validFrom: "2026-02-01", rate: "0.8", source: "ECB" },
  { base: "EUR", quote: "JPY", validFrom: "2025-06-01", rate: "160.5" },
];

for (const database of databases) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("converts at the rate of the day, in as many queries for many days as for one", async () => {
      const { url, drop } = await database.create();
      const { storage, log } = counting(knexStorage({ url }));
      const { crm, me, inTenant } = await createTestCrm({ storage, plugins: [crmCore()], currency: "EUR" });
      try {
        await me.entities.currencyRate.createMany(rates);
        const ten = { amount: "10.00", currency: "USD" };
        const convert = (on?: string) => me.service(exchange).convert(ten, on === undefined ? {} : { on });
        expect(await convert()).toMatchObject({
          money: { amount: "9.00", currency: "EUR" },
          rates: [{ validFrom: "2026-01-01", rate: "0.9", inverse: false }],
        });
        expect((await convert("2025-12-31")).money.amount).toBe("9.50");
        await expect(convert("2025-11-30")).rejects.toMatchObject({ code: "rate-missing", status: 422 });
        log.clear();
        const table = await me
          .service(exchange)
          .rates({ currencies: ["USD", "JPY"], from: "2026-01-15", until: "2026-03-01" });
        expect(log.asked.map(({ verb, table }) => `${verb} ${table}`)).toEqual([
          "findMany currency_setting",
          "aggregate currency_rate",
          "findMany currency_rate",
        ]);
        expect(table.convert(ten, "2026-01-15")?.money.amount).toBe("9.00");
        expect(table.convert(ten, "2026-03-01")?.money.amount).toBe("8.00");
        expect(table.convert({ amount: "1605", currency: "JPY" }, "2026-03-01")?.money.amount).toBe("10.00");
        // Another tenant has no rates of its own.
        const other = inTenant("other").service(exchange).convert(ten);
        await expect(other).rejects.toMatchObject({ code: "rate-missing" });
      } finally {
        await crm.stop();
        await drop();
      }
    });
  });
}

it("is asked, and told the reporting currency, over HTTP", async () => {
  const { crm, me } = await createTestCrm({ plugins: [crmCore()], currency: "USD" });
  await me.entities.currencyRate.createMany(rates);
  const { key } = await issueApiKey(me, { name: "test", roles: ["admin"] });
  const app = createHttp(crm);
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const answer = await app.request(path, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const money = { amount: "8.00", currency: "EUR" };
  const dollars = await post("/api/currency-rates/convert", { money, on: "2026-02-02" });
  expect(dollars).toMatchObject({
    status: 200,
    body: {
      money: { amount: "10.00", currency: "USD" },
      rates: [{ base: "USD", rate: "0.8", validFrom: "2026-02-01", inverse: true }],
    },
  });
  const set = await post("/api/currency-settings", { reportingCurrency: "JPY" });
  expect(set.status).toBe(201);
  const yen = await post("/api/currency-rates/convert", { money });
  expect(yen.body).toMatchObject({ money: { amount: "1284", currency: "JPY" } });
  const second = await post("/api/currency-settings", { reportingCurrency: "EUR" });
  expect(second).toMatchObject({ status: 409, body: { code: "unique-violation" } });
  const pounds = await post("/api/currency-rates/convert", { money, to: "GBP" });
  expect(pounds).toMatchObject({ status: 422, body: { code: "rate-missing" } });
  const wrong = await post("/api/currency-rates", {
    base: "EUR",
    quote: "EUR",
    validFrom: "2026-01-01",
    rate: "0.0",
  });
  expect(wrong.body["issues"] ?? wrong.body["errors"]).toMatchObject([
    { code: "rate-zero" },
    { code: "same-currency" },
  ]);
  const unknown = await post("/api/currency-rates", {
    base: "XAU",
    quote: "EUR",
    validFrom: "2026-01-01",
    rate: "1",
  });
  expect(unknown).toMatchObject({ status: 422 });
  await crm.stop();
});
