import { runJobs } from "@corm/core/testing";
import { documentTotals } from "@corm/plugin-sales";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpOf, makeQuote, type QuoteCrm, quoteCrm } from "./quote-support.js";
import { usd } from "./support.js";

let test: QuoteCrm;
let me: QuoteCrm["me"];
beforeEach(async () => {
  test = await quoteCrm();
  me = test.me;
});
afterEach(() => test.crm.stop());

describe("a draft", () => {
  it("is numbered, priced by the books, and adds up after every change of a line", async () => {
    const { id, lines, deal } = await makeQuote(me);
    const { quote, quoteLine } = me.entities;
    const draft = await quote.get(id, { include: ["lines"] });
    expect(draft).toMatchObject({
      number: "Q-000001",
      revision: 1,
      status: "draft",
      currency: "USD",
      accountId: deal.accountId,
      contactId: deal.contactId,
      subtotal: usd("1200.00"),
      taxTotal: usd("125.00"),
      total: usd("1325.00"),
      // A credit of 50 on 1,250.
      effectiveDiscount: 4,
    });
    expect(draft.lines).toHaveLength(3);
    await quote.update(id, { discountPercent: "10" });
    expect(await quote.get(id)).toMatchObject({ discountTotal: usd("120.00"), effectiveDiscount: 13.6 });
    await quoteLine.update(lines[0]!, { quantity: "20" });
    const changed = await quoteLine.get(lines[0]!);
    expect(changed).toMatchObject({ unitPrice: usd("100.00"), net: usd("2000.00") });
    await quoteLine.delete(lines[1]!);
    const after = await quote.get(id);
    expect(after).toMatchObject({ subtotal: usd("1950.00"), discountTotal: usd("195.00") });
    // 2000 - 195 = 1805 taxed with 10 %.
    expect(after).toMatchObject({ taxTotal: usd("180.50"), total: usd("1935.50") });
    await quoteLine.restore(lines[1]!);
    expect((await quote.get(id)).subtotal).toEqual(usd("2200.00"));
    expect((await makeQuote(me)).id).not.toBe(id);
    expect((await quote.find({ orderBy: ["number"] })).items.map(({ number }) => number)).toEqual([
      "Q-000001",
      "Q-000002",
    ]);
  });

  it("refuses what follows by itself, other currencies, and bundles that do not go together", async () => {
    const { id, lines } = await makeQuote(me);
    const { quote, quoteLine, product, productOption } = me.entities;
    const issues = async (work: Promise<unknown>) => {
      const error = (await work.catch((caught) => caught)) as {
        issues?: { pointer: string; code: string }[];
      };
      return error.issues?.map(({ pointer, code }) => `${pointer} ${code}`);
    };
    expect(await issues(quote.update(id, { status: "accepted" }))).toEqual(["/status written-by-plugin"]);
    expect(await issues(quote.create({ name: "A", total: usd("1") }))).toEqual(["/total written-by-plugin"]);
    expect(await issues(quoteLine.update(lines[0]!, { net: usd("1") }))).toEqual(["/net written-by-plugin"]);
    const euro = { amount: "1", currency: "EUR" };
    expect(await issues(quoteLine.update(lines[0]!, { unitPrice: euro }))).toEqual([
      "/unitPrice/currency currency-of-quote",
    ]);
    expect(await issues(quote.update(id, { discountAmount: euro }))).toEqual([
      "/discountAmount/currency currency-of-quote",
    ]);
    const unknown = await product.create({ name: "Unpriced" });
    const line = quoteLine.create({ quoteId: id, productId: unknown.id });
    await expect(line).rejects.toMatchObject({ code: "price-missing" });
    const bundle = await product.create({
      name: "Kit",
      listPrice: usd("10"),
      optionGroups: [{ name: "Inverter", min: 1, max: 1 }],
    });
    const part = await product.create({ name: "Part", listPrice: usd("4.50") });
    const option = { bundleId: bundle.id, productId: part.id };
    await productOption.createMany([
      { ...option, key: "small", group: "Inverter" },
      { ...option, key: "large", group: "Inverter" },
      { ...option, key: "clip", maxQuantity: 9 },
    ]);
    const both = quoteLine.create({ quoteId: id, productId: bundle.id, options: { small: 1, large: 1 } });
    await expect(both).rejects.toMatchObject({
      code: "configuration-impossible",
      issues: [{ pointer: "/options", message: expect.stringMatching(/^Inverter: 2 of/) }],
    });
    const made = await quoteLine.create({
      quoteId: id,
      productId: bundle.id,
      options: { small: 1, clip: 3 },
    });
    expect(made).toMatchObject({ description: "Kit", unitPrice: usd("28.00"), listPrice: usd("28.00") });
    const again = await quoteLine.update(made.id, { options: { large: 1 } });
    expect(again.unitPrice).toEqual(usd("14.50"));
  });
});

describe("a quote that was sent", () => {
  it("never changes, and is superseded by its next revision", async () => {
    const { id, lines } = await makeQuote(me);
    const { quote, quoteLine } = me.entities;
    const sent = await quote.send(id);
    expect(sent).toMatchObject({ status: "sent", validUntil: "2026-02-04" });
    const refused = { code: "quote-is-sent", status: 409 };
    await expect(quote.send(id)).rejects.toMatchObject(refused);
    await expect(quote.update(id, { name: "B" })).rejects.toMatchObject(refused);
    await expect(quote.delete(id)).rejects.toMatchObject(refused);
    await expect(quoteLine.update(lines[0]!, { quantity: "1" })).rejects.toMatchObject(refused);
    await expect(quoteLine.delete(lines[0]!)).rejects.toMatchObject(refused);
    await expect(
      quoteLine.create({ quoteId: id, description: "A", unitPrice: usd("1") }),
    ).rejects.toMatchObject(refused);
    await expect(quoteLine.updateWhere({ quoteId: id }, { taxRate: "0" })).rejects.toMatchObject(refused);
    const system = test.crm.system({ tenant: "test", reason: "a test" }).entities;
    await expect(system.quote.update(id, { name: "B" })).rejects.toMatchObject(refused);

    const revised = await quote.revise(id);
    expect(revised).toMatchObject({ number: "Q-000001", revision: 2 });
    await quote.update(revised.id, { discountAmount: usd("100") });
    expect(await quote.get(revised.id)).toMatchObject({ total: usd("1215.00") });
    expect((await quote.get(id)).status).toBe("sent");
    const second = await quote.send(revised.id);
    expect((await quote.get(id)).status).toBe("superseded");
    expect(second.documentHash).not.toBe(sent.documentHash);
    // What was sent says what it said, and its totals are those of its lines.
    const { document } = await quote.get(id);
    expect(document).toMatchObject({
      revision: 1,
      customer: { account: "Hearth & Home 暖家", contact: "Ada Lovelace" },
    });
    const again = documentTotals({
      currency: "USD",
      rounding: "line",
      lines: document!.lines.map((line) => ({ ...line })),
    });
    expect(again.total).toEqual(document!.total);
  });

  it("is refused where there is nothing to send", async () => {
    const { quote, quoteLine } = me.entities;
    const { id } = await quote.create({ name: "Empty", validUntil: "2026-01-04", discountAmount: usd("5") });
    await expect(quote.send(id)).rejects.toMatchObject({
      code: "quote-not-ready",
      message: expect.stringMatching(/no lines.*2026-01-04, which is over/),
    });
    await quoteLine.create({ quoteId: id, description: "A", unitPrice: usd("3") });
    await expect(quote.send(id)).rejects.toThrow(/discount of 5.00 is more than its lines come to, 3.00/);
  });

  it("is read, accepted once and for all, and declined no more, over HTTP", async () => {
    const { id } = await makeQuote(me);
    const { call, open } = await httpOf(test);
    const sent = await call("POST", `/api/quotes/${id}/send`, {});
    expect(sent.status).toBe(200);
    const { path, documentHash: hash } = sent.body;
    expect((await call("POST", `/api/quotes/${id}/link`, {})).body.path).toBe(path);
    const seen = await open("GET", path);
    expect(seen.body).toMatchObject({ status: "sent", hash, document: { total: usd("1325.00") } });
    expect(seen.headers.get("referrer-policy")).toBe("no-referrer");
    expect((await open("GET", `${path.slice(0, -3)}abc`)).status).toBe(404);
    const accept = { decision: "accept", hash, name: "Ada Lovelace" };
    expect(await open("POST", path, { ...accept, name: " " })).toMatchObject({ status: 422 });
    const other = await open("POST", path, { ...accept, hash: "0".repeat(64) });
    expect(other).toMatchObject({ status: 409, body: { code: "quote-seen-other" } });
    test.clock.advance({ hours: 1 });
    const accepted = await open("POST", path, accept);
    expect(accepted).toMatchObject({
      status: 200,
      body: { status: "accepted", decidedBy: "Ada Lovelace", decidedAt: "2026-01-05T10:00:00.000Z" },
    });
    test.clock.advance({ hours: 1 });
    const twice = await open("POST", path, { ...accept, name: "Charles Babbage" });
    expect(twice).toMatchObject({ status: 200, body: accepted.body });
    const declined = await open("POST", path, { ...accept, decision: "decline" });
    expect(declined).toMatchObject({ status: 409, body: { code: "quote-not-open" } });
    expect(await me.entities.quote.get(id)).toMatchObject({
      status: "accepted",
      decidedFrom: "203.0.113.7",
      decidedHash: hash,
    });
    const { items } = await me.changes({ limit: 500 });
    const told = items.filter(({ operation }) => operation === "event");
    expect(JSON.stringify(told)).toMatch(/quote\.sent.*quote\.accepted/);
    expect(JSON.stringify(told).match(/quote\.accepted/g)).toHaveLength(1);
  });

  it("can be accepted until the last day is over by the clock of the seller, and not after", async () => {
    const { crm, me: mine, clock } = await quoteCrm({ timeZone: "America/New_York", quoteDays: 1 });
    const { id } = await makeQuote(mine);
    const sent = await mine.entities.quote.send(id);
    expect(sent.validUntil).toBe("2026-01-06");
    expect((await mine.entities.quote.get(id)).expiresAt).toBe("2026-01-07T05:00:00.000Z");
    const { open } = await httpOf({ crm, me: mine });
    const answer = { decision: "accept", hash: sent.documentHash, name: "Ada" };
    clock.set("2026-01-07T05:00:00Z");
    expect((await open("GET", sent.path)).body.status).toBe("expired");
    const late = await open("POST", sent.path, answer);
    expect(late).toMatchObject({ status: 409, body: { code: "quote-expired" } });
    await runJobs({ crm, clock }, { for: { hours: 2 } });
    expect((await mine.entities.quote.get(id)).status).toBe("expired");
    expect(await open("POST", sent.path, answer)).toMatchObject({
      status: 409,
      body: { code: "quote-expired" },
    });
    const again = await mine.entities.quote.revise(id);
    const resent = await mine.entities.quote.send(again.id);
    clock.set("2026-01-09T04:59:59Z");
    const intime = await open("POST", resent.path, { ...answer, hash: resent.documentHash });
    expect(intime).toMatchObject({ status: 200, body: { status: "accepted" } });
    await crm.stop();
  });
});

describe("approval", () => {
  async function withProcess(options: Parameters<typeof quoteCrm>[0]) {
    const opened = await quoteCrm(options);
    const { user, approvalProcess } = opened.me.entities;
    const [seller, boss] = await user.createMany([{ name: "Seller" }, { name: "Boss" }]);
    await approvalProcess.create({
      name: "Discounts",
      target: "quote",
      steps: [{ name: "Boss", mode: "first", approvers: [{ kind: "user", id: boss!.id }] }],
    });
    const as = (id: string) =>
      opened.crm.as({ actor: { kind: "user", id }, tenant: "test", roles: ["admin"] });
    return { ...opened, seller: as(seller!.id), boss: as(boss!.id) };
  }

  it("is needed beyond the limits, and counts for what was submitted alone", async () => {
    const { crm, seller, boss } = await withProcess({ approval: { discountPercent: 10 } });
    const { id, lines } = await makeQuote(seller, { discountPercent: "10" });
    const { quote, quoteLine } = seller.entities;
    await quoteLine.update(lines[0]!, { unitPrice: usd("99") });
    const refused = { code: "approval-required", status: 409 };
    await expect(quote.send(id)).rejects.toMatchObject({
      ...refused,
      message: expect.stringMatching(/discounts of 14.32 % are over the limit of 10 %.*not submitted/),
    });
    const { id: approvalId } = await quote.requestApproval(id, { comment: "Please" });
    await expect(quote.send(id)).rejects.toThrow(/approval is pending/);
    // Nothing of it changes while it is looked at.
    await expect(quote.update(id, { discountPercent: "50" })).rejects.toMatchObject({
      code: "record-locked",
    });
    await expect(quoteLine.update(lines[0]!, { unitPrice: usd("1") })).rejects.toMatchObject({
      code: "record-locked",
    });
    await boss.entities.approval.approve(approvalId);
    await quoteLine.update(lines[0]!, { unitPrice: usd("90") });
    await expect(quote.send(id)).rejects.toThrow(/has changed since it was submitted/);
    const second = await quote.requestApproval(id);
    await boss.entities.approval.reject(second.id);
    await expect(quote.send(id)).rejects.toThrow(/approval is rejected/);
    const third = await quote.requestApproval(id);
    await boss.entities.approval.approve(third.id);
    expect((await quote.send(id)).status).toBe("sent");
    await crm.stop();
  });

  it("is needed over a total, in whatever currency, and not below", async () => {
    const { crm, seller } = await withProcess({ approval: { total: { amount: "1200", currency: "EUR" } } });
    const { id } = await makeQuote(seller);
    await seller.entities.currencyRate.create({
      base: "USD",
      quote: "EUR",
      validFrom: "2026-01-01",
      rate: "0.9",
    });
    expect((await seller.entities.quote.send(id)).status).toBe("sent");
    const over = await makeQuote(seller);
    await seller.entities.quoteLine.create({ quoteId: over.id, description: "More", unitPrice: usd("10") });
    await expect(seller.entities.quote.send(over.id)).rejects.toThrow(/total of €1,201.50 is over/);
    await crm.stop();
  });
});
