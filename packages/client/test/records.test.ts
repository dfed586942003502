import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, createClient } from "../src/index.js";
import { failureOf } from "./support/failure.js";
import { type Served, type ShopCrm, serveShop } from "./support/serve.js";

let served: Served;
let client: Client<ShopCrm>;

beforeAll(async () => {
  served = await serveShop();
  client = createClient<ShopCrm>({ url: served.url, key: served.key });
});
afterAll(() => served.close());

describe("records", () => {
  it("creates, reads, changes, deletes, restores and purges, as a session does", async () => {
    const total = { amount: "12.50", currency: "EUR" };
    const made = await client.shopOrder.create({ code: "R1", pieces: 2, total });
    expect(made).toMatchObject({ code: "R1", state: "open", pieces: 2, total, version: 1 });
    expect(await client.shopOrder.get(made.id)).toEqual(made);
    expect(await served.me.entities.shopOrder.get(made.id)).toEqual(made);

    const changed = await client.shopOrder.update(made.id, { pieces: null }, { version: 1 });
    expect(changed).toMatchObject({ pieces: null, total, version: 2 });
    const stale = await failureOf(client.shopOrder.update(made.id, { pieces: 9 }, { version: 1 }));
    expect([stale.status, stale.code, stale.uncertain]).toEqual([412, "version-conflict", false]);
    expect((await failureOf(client.shopOrder.delete(made.id, { version: 1 }))).code).toBe("version-conflict");

    await client.shopOrder.delete(made.id, { version: 2 });
    expect((await failureOf(client.shopOrder.get(made.id))).code).toBe("not-found");
    const back = await client.shopOrder.restore(made.id);
    expect(back.deletedAt).toBeNull();
    await client.shopOrder.purge(made.id);
    expect((await failureOf(client.shopOrder.restore(made.id))).status).toBe(404);
  });

  it("reads records as of a moment", async () => {
    const { id, updatedAt: asOf } = await client.shopOrder.create({ code: "PAST", pieces: 1 });
    served.clock.advance(1000);
    await client.shopOrder.update(id, { code: "NOW", pieces: 5 });
    const { shopOrder } = client;
    expect((await shopOrder.get(id, { asOf })).code).toBe("PAST");
    expect((await shopOrder.find({ asOf, where: { code: "PAST" } })).items).toHaveLength(1);
    expect(await shopOrder.count({ code: "NOW" }, { asOf })).toBe(0);
    const where = { code: "PAST" };
    expect(await shopOrder.aggregate({ asOf, where, measures: { p: { sum: "pieces" } } })).toEqual([
      { p: 1 },
    ]);
    const file = await new Response(await shopOrder.export({ asOf, where }, { format: "ndjson" })).text();
    expect(JSON.parse(file)).toMatchObject({ id, code: "PAST" });
    expect((await failureOf(client.account.find({ asOf }))).code).toBe("not-temporal");
    await shopOrder.purge(id);
  });

  it("tells what is wrong with a value, and under which id the log has it", async () => {
    const error = await failureOf(client.shopOrder.create({ code: "", pieces: -1 }));
    expect([error.status, error.code]).toEqual([422, "validation-failed"]);
    expect(error.issues.map((issue) => issue.pointer).sort()).toEqual(["/code", "/pieces"]);
    expect(error.requestId).toMatch(/^[\w-]{36}$/);
    expect(error.message).not.toBe("");
  });

  it("refuses ids that would be another path, and entities that are not served", async () => {
    for (const id of ["..", "", "a/b", "query?x"])
      expect((await failureOf(client.shopOrder.get(id))).code, id).toBe("invalid-id");
    const unknown = (client as unknown as Record<string, typeof client.shopOrder>)["nothing"];
    expect((await failureOf(unknown!.get("id"))).code).toBe("unknown-entity");
  });

  it("is no promise, so that it can be awaited and returned", async () => {
    expect(await client).toBe(client);
    expect(await client.shopOrder).toBe(client.shopOrder);
    expect(client.entities.contact).toBe(client.contact);
  });
});

describe("queries", () => {
  beforeAll(async () => {
    const { id } = await client.account.create({ name: "Acme", industry: "software" });
    for (let n = 0; n < 7; n++)
      await client.shopOrder.create({
        code: `Q${n}`,
        pieces: n,
        total: { amount: `${n}.00`, currency: "EUR" },
        ...(n % 2 ? { accountId: id } : {}),
      });
  });

  it("finds by conditions, across relations, with parts and includes", async () => {
    const page = await client.shopOrder.find({
      where: { code: { startsWith: "q" }, account: { industry: "software" } },
      select: ["code"],
      include: ["account"],
      orderBy: ["-pieces"],
      limit: 2,
    });
    expect(page.items.map(({ code, account }) => [code, account?.name])).toEqual([
      ["Q5", "Acme"],
      ["Q3", "Acme"],
    ]);
    expect(Object.keys(page.items[0]!).sort()).toEqual(["account", "code"]);
    expect(page.next).not.toBeNull();
  });

  it("walks through all pages and asks for no more than it needs", async () => {
    const codes: string[] = [];
    for await (const { code } of client.shopOrder.stream({ search: "q", orderBy: ["code"], limit: 3 }))
      codes.push(code);
    expect(codes).toEqual(["Q0", "Q1", "Q2", "Q3", "Q4", "Q5", "Q6"]);
    expect(await client.shopOrder.first({ where: { code: "none" } })).toBeNull();
    expect((await client.shopOrder.first({ orderBy: ["-code"] }))?.code).toBe("Q6");
  });

  it("counts and sums", async () => {
    expect(await client.shopOrder.count({ pieces: { gt: 3 } })).toBe(3);
    expect(await client.shopOrder.count(undefined, { search: "q1" })).toBe(1);
    const [sum] = await client.shopOrder.aggregate({
      measures: { n: { count: true }, most: { max: "total" } },
    });
    expect(sum).toEqual({ n: 7, most: { amount: "6.00", currency: "EUR" } });
  });

  it("reaches to-many relations", async () => {
    const acme = await client.account.first({ where: { orders: { some: { code: "Q1" } } } });
    const full = await client.account.get(acme!.id, { include: ["orders"] });
    expect(full.orders.map(({ code }) => code).sort()).toEqual(["Q1", "Q3", "Q5"]);
  });
});

describe("actions", () => {
  it("run on a record, on a collection and on nothing in particular", async () => {
    const { id } = await client.shopOrder.create({ code: "A1" });
    expect(await client.shopOrder.pay(id, { by: "card" }, { version: 1 })).toEqual({
      state: "paid",
      by: "card",
    });
    expect((await failureOf(client.shopOrder.pay(id, { by: "cash" }, { version: 1 }))).code).toBe(
      "version-conflict",
    );
    expect(await client.shopOrder.forget(id)).toBeUndefined();
    const open = await client.shopOrder.count({ state: "open" });
    expect(await client.shopOrder.voidAll()).toEqual({ n: open });
    const { orders } = await client.run("shop.closeTill", { day: "2026-01-05" });
    expect(orders).toBe(await client.shopOrder.count());
  });
});

describe("versions", () => {
  it("of rows from lists are checked as well, whose tags the client has yet to learn", async () => {
    const { id } = await served.me.entities.shopOrder.create({ code: "V1" });
    const other = createClient<ShopCrm>({ url: served.url, key: served.key });
    const row = (await other.shopOrder.find({ where: { code: "V1" } })).items[0]!;
    await served.me.entities.shopOrder.update(id, { pieces: 1 });
    const stale = await failureOf(other.shopOrder.update(id, { pieces: 9 }, { version: row.version }));
    expect([stale.status, stale.code]).toEqual([412, "version-conflict"]);
    expect((await failureOf(other.shopOrder.pay(id, { by: "x" }, { version: 1 }))).code).toBe(
      "version-conflict",
    );
    expect((await other.shopOrder.update(id, { pieces: 2 }, { version: 2 })).pieces).toBe(2);
    await served.me.entities.shopOrder.update(id, { pieces: 3 });
    expect((await failureOf(other.shopOrder.delete(id, { version: 3 }))).code).toBe("version-conflict");
    expect((await served.me.entities.shopOrder.get(id)).pieces).toBe(3);
  });
});
