/** Type tests: what a client knows of an app, and what must not compile. Checked by `npm run typecheck`. */
import type { Crm, crmCore, Plugin } from "@corm/core";
import { createClient } from "../../src/index.js";
import type { ShopPlugin } from "../support/shop.js";

type Core = ReturnType<typeof crmCore>;
type Both = Crm<readonly [Core, Plugin<ShopPlugin>]>;
type CoreOnly = Crm<readonly [Core]>;

export async function withPlugin(): Promise<void> {
  const client = createClient<Both>({ url: "https://crm.example.com", key: "k" });

  const ada = await client.contact.create({ lastName: "Lovelace", loyalty: 3 });
  const loyalty: number | null = ada.loyalty;
  void loyalty;
  // @ts-expect-error wrong type in a field that the plugin adds
  await client.contact.create({ lastName: "Lovelace", loyalty: "3" });
  // @ts-expect-error a required field is missing
  await client.shopOrder.create({ state: "open" });
  // @ts-expect-error no such field
  await client.shopOrder.create({ code: "1", cdoe: "2" });
  // @ts-expect-error not one of the words
  await client.shopOrder.create({ code: "1", state: "gone" });

  const page = await client.shopOrder.find({
    where: { pieces: { gte: 2 }, account: { industry: "software" } },
    select: ["id", "total"],
    include: ["account"],
    orderBy: ["-pieces"],
  });
  const amount: string | undefined = page.items[0]?.total?.amount;
  const industry: string | null | undefined = page.items[0]?.account?.industry;
  void [amount, industry];
  // @ts-expect-error not selected
  page.items[0]?.pieces;
  // @ts-expect-error no such relation
  await client.shopOrder.find({ include: ["acount"] });
  // @ts-expect-error no such field
  await client.shopOrder.find({ where: { peices: 1 } });
  // @ts-expect-error number compared with text
  await client.shopOrder.find({ where: { pieces: "3" } });
  for await (const order of client.shopOrder.stream({ where: { state: "open" }, select: ["code"] })) {
    const code: string = order.code;
    void code;
    // @ts-expect-error not selected
    order.state;
  }
  const both = await client.account.get("id", { include: ["orders"] });
  const codes: readonly string[] = both.orders.map((order) => order.code);
  void codes;
  await client.shopOrder.update("id", { pieces: null }, { version: 2 });
  // @ts-expect-error a required field cannot be cleared
  await client.shopOrder.update("id", { code: null });

  const paid = await client.shopOrder.pay("id", { by: "card" }, { version: 3, idempotencyKey: "k" });
  const by: string = paid.by;
  void by;
  // @ts-expect-error wrong input of an action
  await client.shopOrder.pay("id", { by: 1 });
  // @ts-expect-error an action on a record needs one
  await client.shopOrder.pay({ by: "card" });
  const voided = await client.shopOrder.voidAll();
  const n: number = voided.n;
  void n;
  const closed = await client.run("shop.closeTill", { day: "2026-01-05" });
  const orders: number = closed.orders;
  void orders;
  // @ts-expect-error wrong input
  await client.run("shop.closeTill", { dya: "2026-01-05" });
  // @ts-expect-error no such action
  await client.run("shop.openTill", { day: "2026-01-05" });
  // @ts-expect-error an action of an entity belongs to its client
  await client.run("shopOrder.voidAll", {});

  const told = await client.contact.timeline("id", { limit: 10 });
  const title: string | undefined = told.items[0]?.title;
  for await (const entry of client.contact.streamTimeline("id")) {
    const at: string = entry.at;
    void [at, title];
    // @ts-expect-error no such member
    entry.subject;
  }
  const entries = await client.contact.history("id");
  // @ts-expect-error no such operation
  if (entries.items[0]?.operation === "made") return;

  const [row] = await client.shopOrder.aggregate({
    groupBy: ["state"],
    measures: { n: { count: true }, sum: { sum: "pieces" } },
  });
  const count: number | undefined = row?.n;
  void count;
  await client.entities.contact.count({ loyalty: { gt: 1 } });
}

export async function withoutPlugin(): Promise<void> {
  const client = createClient<CoreOnly>({ url: "https://crm.example.com", key: "k" });
  await client.contact.create({ lastName: "Lovelace" });
  // @ts-expect-error the plugin that declares it is not in the list
  await client.shopOrder.create({ code: "1" });
  // @ts-expect-error the plugin that adds the field is not in the list
  await client.contact.create({ lastName: "Lovelace", loyalty: 3 });
  // @ts-expect-error the plugin that declares the action is not in the list
  await client.run("shop.closeTill", { day: "2026-01-05" });
}
