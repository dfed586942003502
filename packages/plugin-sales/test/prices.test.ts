import { issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { sqlite } from "@corm/core/knex";
import { pricing } from "@corm/plugin-sales";
import { expect, it } from "vitest";
import { counting } from "../../core/test/support/counting.js";
import { type Me, salesCrm, usd } from "./support.js";

const eur = (amount: string) => ({ amount, currency: "EUR" });

async function catalogue(me: Me) {
  const { product, priceBook, priceBookEntry } = me.entities;
  const [panel, cable] = await product.createMany([
    { name: "Panel", code: "P", listPrice: usd("120") },
    { name: "Cable", code: "C", listPrice: eur("3") },
  ]);
  const books = await priceBook.createMany([
    { name: "Standard", currency: "USD" },
    { name: "Spring", currency: "USD", priority: 10, validFrom: "2026-03-01", validUntil: "2026-03-31" },
    { name: "Retail", currency: "USD", segment: "retail" },
    { name: "Old", currency: "USD", priority: 1, active: false },
    { name: "Euro", currency: "EUR" },
  ]);
  const [standard, spring, retail, old, euro] = books.map(({ id }) => id) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const productId = panel!.id;
  await priceBookEntry.createMany([
    { priceBookId: standard, productId, unitPrice: usd("100") },
    { priceBookId: standard, productId, minQuantity: 10, unitPrice: usd("90") },
    { priceBookId: standard, productId, minQuantity: 100, unitPrice: usd("80") },
    { priceBookId: spring, productId, unitPrice: usd("95") },
    { priceBookId: retail, productId, minQuantity: 5, unitPrice: usd("70") },
    { priceBookId: old, productId, unitPrice: usd("1") },
    { priceBookId: euro, productId, unitPrice: eur("85") },
  ]);
  return { panel: panel!.id, cable: cable!.id, standard };
}

it("takes the book of the segment, the priority and the day, and the tier of the quantity", async () => {
  const { crm, me } = await salesCrm();
  const { panel, cable, standard } = await catalogue(me);
  const price = async (quantity: string, rest: object = {}) => {
    const items = [{ productId: panel, quantity }];
    const [found] = await me.service(pricing).resolve({ currency: "USD", on: "2026-02-01", items, ...rest });
    return found?.unitPrice?.amount;
  };
  expect(await price("1")).toBe("100.00");
  expect(await price("9.99")).toBe("100.00");
  expect(await price("10")).toBe("90.00");
  expect(await price("1000")).toBe("80.00");
  expect(await price("1", { on: "2026-03-31" })).toBe("95.00");
  expect(await price("1000", { on: "2026-03-31" })).toBe("95.00");
  expect(await price("1000", { on: "2026-03-31", priceBookId: standard })).toBe("80.00");
  expect(await price("5", { segment: "retail" })).toBe("70.00");
  // The book of the segment has no price for so few.
  expect(await price("4", { segment: "retail" })).toBe("100.00");
  expect(await price("1", { currency: "EUR" })).toBe("85.00");
  expect(await price("1", { currency: "GBP" })).toBeUndefined();
  const cables = { currency: "EUR", items: [{ productId: cable, quantity: "2" }] };
  expect(await me.service(pricing).require(cables)).toMatchObject([
    { unitPrice: eur("3.00"), source: { kind: "listPrice" } },
  ]);
  await expect(me.service(pricing).require({ ...cables, currency: "USD" })).rejects.toMatchObject({
    code: "price-missing",
    status: 422,
  });
  await crm.stop();
});

it("refuses prices in another currency than the book's, and books that never hold", async () => {
  const { crm, me } = await salesCrm();
  const { panel, standard } = await catalogue(me);
  const { priceBook, priceBookEntry } = me.entities;
  const wrong = { priceBookId: standard, productId: panel, minQuantity: 3, unitPrice: eur("1") };
  await expect(priceBookEntry.create(wrong)).rejects.toMatchObject({
    issues: [{ pointer: "/unitPrice/currency", code: "currency-of-book" }],
  });
  const entry = await priceBookEntry.first({ where: { priceBookId: standard } });
  await expect(priceBookEntry.update(entry!.id, { unitPrice: eur("1") })).rejects.toMatchObject({
    issues: [{ code: "currency-of-book" }],
  });
  const backwards = { name: "B", currency: "USD", validFrom: "2026-02-02", validUntil: "2026-02-01" };
  await expect(priceBook.create(backwards)).rejects.toMatchObject({
    issues: [{ code: "ends-before-it-begins" }],
  });
  await crm.stop();
});

it("asks the database as often for four hundred items as for one", async () => {
  const { storage, log } = counting(sqlite(":memory:"));
  const { crm, me } = await salesCrm({ storage });
  const { product, priceBook, priceBookEntry } = me.entities;
  const { id: priceBookId } = await priceBook.create({ name: "Standard", currency: "USD" });
  const made = await product.createMany(Array.from({ length: 400 }, (_, n) => ({ name: `P${n}` })));
  await priceBookEntry.createMany(
    made.map(({ id }, n) => ({ priceBookId, productId: id, unitPrice: usd(`${n + 1}`) })),
  );
  const ask = async (count: number) => {
    log.clear();
    const items = made.slice(0, count).map(({ id }) => ({ productId: id, quantity: "1" }));
    const prices = await priceBook.resolve({ currency: "USD", items });
    expect(prices.prices.map(({ unitPrice }) => unitPrice?.amount)).toEqual(
      items.map((_, n) => `${n + 1}.00`),
    );
    return log.asked.length;
  };
  expect(await ask(1)).toBe(2);
  expect(await ask(400)).toBe(2);
  await crm.stop();
});

it("resolves prices and configures products over HTTP", async () => {
  const { crm, me } = await salesCrm();
  const { panel } = await catalogue(me);
  const { product, productOption } = me.entities;
  const roof = await product.create({
    name: "Roof",
    optionGroups: [{ name: "Inverter", min: 1, max: 1 }],
  });
  const small = await product.create({ name: "Small inverter" });
  const option = { bundleId: roof.id, productId: small.id };
  await productOption.createMany([
    {
      ...option,
      key: "small",
      group: "Inverter",
      excludes: [{ name: "Too weak for a battery", option: "battery" }],
    },
    { ...option, key: "large", group: "Inverter", position: 1 },
    { ...option, key: "battery", position: 2 },
    {
      bundleId: roof.id,
      key: "panel",
      productId: panel,
      required: true,
      minQuantity: 4,
      maxQuantity: 40,
      position: 3,
    },
  ]);
  const { key } = await issueApiKey(me, { name: "test", roles: ["admin"] });
  const app = createHttp(crm);
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const answer = await app.request(path, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const prices = await post("/api/price-books/resolve", {
    currency: "USD",
    items: [{ productId: panel, quantity: "12" }],
  });
  expect(prices).toMatchObject({
    status: 200,
    body: {
      prices: [{ unitPrice: usd("90.00"), source: { kind: "priceBook", name: "Standard", minQuantity: 10 } }],
    },
  });
  const none = await post("/api/price-books/resolve", {
    currency: "USD",
    items: [{ productId: panel, quantity: "0.00" }],
  });
  expect(none.status).toBe(422);
  const configure = (selection: object) => post(`/api/products/${roof.id}/configure`, { selection });
  expect(await configure({ battery: 1 })).toMatchObject({
    status: 200,
    body: { valid: false, possible: true, selection: { large: 1, battery: 1, panel: 4 } },
  });
  const refused = await configure({ small: 1, battery: 1, panel: 3 });
  expect(refused.body).toMatchObject({
    valid: false,
    possible: false,
    selection: null,
    conflict: [{ rule: "quantity of panel" }],
  });
  expect((await configure({ small: 1, battery: 1 })).body["conflict"]).toEqual([
    { rule: "Too weak for a battery", message: '"small" excludes "battery"' },
  ]);
  await crm.stop();
});
