import { decideQuote } from "@corm/plugin-sales";
import { expect, it } from "vitest";
import { makeQuote, quoteCrm } from "./quote-support.js";
import { usd } from "./support.js";

// At half past midnight in Berlin, on 1 February, it is still January by UTC; in New York it is the evening before.
it.each([
  ["Europe/Berlin", "2026-01-31T23:30:00Z", "2026-02-01"],
  ["America/New_York", "2026-02-01T00:30:00Z", "2026-01-31"],
])("fills days in, and ends months, by the clock of the seller (%s)", async (timeZone, now, today) => {
  const { crm, me, clock } = await quoteCrm({ timeZone });
  const { opportunity, order, priceBook, product, quote } = me.entities;
  const early = await opportunity.create({ name: "Early", amount: usd("5") });
  const quoted = await makeQuote(me);
  clock.set(now);
  const won = await opportunity.create({ name: "Won", stage: "won", amount: usd("7") });
  expect(won).toMatchObject({ closeDate: today, cycleDays: 0 });
  await opportunity.moveTo(early.id, { stage: "won" });
  expect(await opportunity.get(early.id)).toMatchObject({
    closeDate: today,
    cycleDays: today === "2026-02-01" ? 27 : 26,
  });

  const { documentHash: hash } = await quote.send(quoted.id);
  await decideQuote(me, quoted.id, { decision: "accept", by: "Ada", from: null, hash });
  const { document } = await quote.get(quoted.id);
  expect(document?.sentOn).toBe(today);
  const { id } = await quote.order(quoted.id, {});
  expect((await order.get(id)).orderedOn).toBe(today);

  // A book of that day alone has its price.
  const day = { validFrom: today, validUntil: today };
  const book = await priceBook.create({ name: "Day", currency: "USD", priority: 0, ...day });
  const { id: productId } = await product.create({ name: "P" });
  await me.entities.priceBookEntry.create({ priceBookId: book.id, productId, unitPrice: usd("3") });
  const { prices } = await priceBook.resolve({ currency: "USD", items: [{ productId, quantity: "1" }] });
  expect(prices[0]?.unitPrice).toEqual(usd("3.00"));

  await opportunity.create({ name: "Before", stage: "won", closeDate: "2025-12-31", amount: usd("1") });
  const { history } = await opportunity.trend({ months: 1 });
  expect(history.map(({ month }) => month)).toEqual(
    today === "2026-02-01" ? ["2025-12", "2026-01"] : ["2025-12"],
  );
  await crm.stop();
});
