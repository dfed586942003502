import { fromMinor, sumMoney } from "@corm/core";
import { decideQuote } from "@corm/plugin-sales";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { micros, partOf, quantityText } from "../src/orders/split-amounts.js";
import { httpOf, makeQuote, type QuoteCrm, quoteCrm } from "./quote-support.js";
import { usd } from "./support.js";

let test: QuoteCrm;
let me: QuoteCrm["me"];
beforeEach(async () => {
  test = await quoteCrm();
  me = test.me;
});
afterEach(() => test.crm.stop());

async function accepted(rest: object = {}) {
  const made = await makeQuote(me, rest);
  const { documentHash: hash } = await me.entities.quote.send(made.id);
  await decideQuote(me, made.id, { decision: "accept", by: "Ada", from: null, hash });
  return made;
}

it("orders an accepted quote once, at its prices, over HTTP", async () => {
  const { id, panel, book } = await accepted({ discountPercent: "10" });
  const { call } = await httpOf(test);
  const order = () => call("POST", `/api/quotes/${id}/order`, {});
  const first = await order();
  expect(first).toMatchObject({
    status: 200,
    body: { number: "O-000001", total: usd("1193.00"), remaining: [] },
  });
  expect((await order()).body).toEqual(first.body);
  expect(await me.entities.order.count()).toBe(1);
  // Another price in the book changes nothing of it.
  const entry = await me.entities.priceBookEntry.first({ where: { productId: panel, priceBookId: book } });
  await me.entities.priceBookEntry.update(entry!.id, { unitPrice: usd("1") });
  const stored = await me.entities.order.get(first.body.id, { include: ["lines", "account"] });
  expect(stored).toMatchObject({ subtotal: usd("1200.00"), discountTotal: usd("120.00"), status: "open" });
  expect(stored.account?.name).toBe("Hearth & Home 暖家");
  expect(stored.lines.map(({ unitPrice }) => unitPrice.amount).sort()).toEqual([
    "-50.00",
    "100.00",
    "250.00",
  ]);
  const line = stored.lines[0]!;
  const refused = { code: "document-is-written", status: 409 };
  await expect(me.entities.orderLine.update(line.id, { unitPrice: usd("1") })).rejects.toMatchObject(refused);
  await expect(me.entities.order.delete(stored.id)).rejects.toMatchObject(refused);
  const { id: _, tenantId, createdAt, updatedAt, version, deletedAt, lines, account, ...copy } = stored;
  await expect(me.entities.order.create(copy)).rejects.toMatchObject(refused);
  const immutable = me.entities.order.update(stored.id, { total: usd("1") });
  await expect(immutable).rejects.toMatchObject({ issues: [{ code: "immutable" }] });
});

it("keeps what is left of a quote that is ordered in parts, to the cent", async () => {
  const { id, lines } = await accepted({ discountAmount: usd("0.07") });
  const { quote, order, orderLine } = me.entities;
  const [panels, work] = lines as [string, string];
  const part = { lines: [{ lineId: panels, quantity: "3.5" }], reference: "first" };
  const first = await quote.order(id, part);
  expect(first.remaining).toEqual([
    { lineId: panels, quantity: "6.5" },
    { lineId: work, quantity: "1" },
    { lineId: lines[2], quantity: "1" },
  ]);
  expect(await quote.order(id, part)).toMatchObject({ id: first.id, remaining: first.remaining });
  const tooMuch = quote.order(id, { lines: [{ lineId: panels, quantity: "6.500001" }] });
  await expect(tooMuch).rejects.toMatchObject({ code: "quantity-exceeded", status: 409 });
  const second = await quote.order(id, {
    lines: [{ lineId: panels, quantity: "3.25" }],
    reference: "second",
  });
  await order.update(second.id, { status: "cancelled" });
  const rest = await quote.order(id);
  expect(rest.remaining).toEqual([]);
  const { total } = await quote.get(id);
  const counted = await order.find({ where: { status: { ne: "cancelled" } } });
  expect(
    sumMoney(
      counted.items.map((one) => one.total),
      "USD",
    ),
  ).toEqual(total);
  const all = await orderLine.find({ where: { quoteLineId: panels, order: { status: "open" } } });
  expect(
    sumMoney(
      all.items.map((one) => one.net),
      "USD",
    ),
  ).toEqual(usd("1000.00"));
});

it("refuses to order what was not accepted", async () => {
  const { id } = await makeQuote(me);
  const refused = { code: "quote-not-accepted", status: 409 };
  await expect(me.entities.quote.order(id)).rejects.toMatchObject(refused);
  await me.entities.quote.send(id);
  await expect(me.entities.quote.order(id)).rejects.toMatchObject(refused);
});

it("orders once, however many ask at once", async () => {
  const { id } = await accepted();
  const orders = await Promise.all(Array.from({ length: 6 }, () => me.entities.quote.order(id)));
  expect(new Set(orders.map(({ number }) => number))).toEqual(new Set(["O-000001"]));
});

it("splits an amount over parts of a quantity without losing a unit", () => {
  const amount = fc.integer({ min: -1e7, max: 1e7 }).map((minor) => fromMinor(BigInt(minor), "EUR"));
  const parts = fc.array(fc.integer({ min: 1, max: 9_999_999 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(amount, parts, (whole, quantities) => {
      let remaining = quantities.reduce((a, b) => a + b, 0);
      let left = whole;
      const got = quantities.map((quantity) => {
        const part = partOf(left, BigInt(quantity), BigInt(remaining));
        remaining -= quantity;
        left = sumMoney(
          [left, { ...part, amount: part.amount.startsWith("-") ? part.amount.slice(1) : `-${part.amount}` }],
          "EUR",
        );
        return part;
      });
      expect(sumMoney(got, "EUR")).toEqual(whole);
      expect(left.amount).toBe("0.00");
    }),
    { seed: 45 },
  );
  expect(quantityText(micros("12.3400"))).toBe("12.34");
  expect(quantityText(micros("7"))).toBe("7");
});
