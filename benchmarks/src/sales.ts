import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AppSession, createCrm, crmCore, issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { sqlite } from "@corm/core/knex";
import { type BundleModel, pricing, sales, solve, violationsOf } from "@corm/plugin-sales";
import { actor, tenant } from "./app/identity.js";
import { openSqlite } from "./contenders/raw-driver.js";
import type { Task } from "./measure/interleave.js";
import type { Scenario } from "./scenarios.js";

type Plugins = readonly [ReturnType<typeof crmCore>, ReturnType<typeof sales>];
type Session = AppSession<Plugins>;

const STAGES = ["prospecting", "qualification", "proposal", "negotiation", "won", "lost"];
const ITEMS = 100;
/** Lines of the quote that is printed: two pages. */
const LINES = 30;
/** People below each: five levels of 500. */
const USERS = 500;
const WIDTH = 5;

interface Tier {
  readonly product_id: string;
  readonly min_quantity: number;
  readonly unit_price: number;
  readonly priority: number;
}

/** Questions of sales beside the same ones in hand-written SQL, over 50,000 opportunities of 500 people. */
export async function salesScenarios(
  quick: boolean,
): Promise<{ scenarios: Scenario[]; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "corm-sales-"));
  const path = join(folder, "sales.db");
  const plugins: Plugins = [crmCore(), sales()];
  const crm = await createCrm<Plugins>({
    storage: sqlite(path, { driver: "@photostructure/sqlite", synchronous: "normal" }),
    plugins,
    currency: "USD",
    tenant,
  });
  const me = crm.as({ actor, tenant, roles: ["admin"] });
  process.stderr.write("seeding sales\n");
  const top = await seedPeople(me, quick ? 2_000 : 50_000);
  const products = await seedPrices(me);
  const database = openSqlite(path, "normal");

  const people = database.prepare(
    'select id, name, manager_id from "user" where tenant_id = ? and deleted_at is null',
  );
  const amounts = database.prepare(
    `select owner_id, forecast_category as category, sum(amount) as amount, count(*) as n from opportunity
     where tenant_id = ? and deleted_at is null and close_date between ? and ? group by owner_id, forecast_category`,
  );
  const rawForecast = () => {
    const own = new Map<string, Record<string, number>>();
    for (const row of amounts.all(tenant, "2026-01-01", "2026-03-31")) {
      const { owner_id, category, amount } = row as { owner_id: string; category: string; amount: number };
      const sums = own.get(owner_id) ?? {};
      sums[category] = amount;
      own.set(owner_id, sums);
    }
    const list = people.all(tenant) as unknown as { id: string; name: string; manager_id: string | null }[];
    const below = new Map<string | null, string[]>();
    for (const { id, manager_id } of list) below.set(manager_id, [...(below.get(manager_id) ?? []), id]);
    const total = (id: string): Record<string, number> => {
      const sums = { ...own.get(id) };
      for (const child of below.get(id) ?? [])
        for (const [category, amount] of Object.entries(total(child)))
          sums[category] = (sums[category] ?? 0) + amount;
      return sums;
    };
    return total(top);
  };
  const forecast = await me.entities.opportunity.forecast({ period: "2026-Q1", managerId: top });
  const cents = rawForecast();
  const said = forecast.lines.find(({ userId }) => userId === top)?.rollUp.commit.amount;
  if (Number(said) * 100 !== cents["commit"])
    throw new Error(`the forecasts differ: ${said} and ${cents["commit"]}`);

  const tiers = database.prepare(
    `select e.product_id, e.min_quantity, e.unit_price, b.id, b.segment, b.priority, b.valid_from from price_book_entry e
     join price_book b on b.id = e.price_book_id
     where e.tenant_id = ? and e.deleted_at is null and b.deleted_at is null and b.active = 1 and b.currency = 'USD' and b.segment is null
       and (b.valid_from is null or b.valid_from <= ?) and (b.valid_until is null or b.valid_until >= ?)
       and e.product_id in (${products.map(() => "?").join(",")})`,
  );
  const rawPrices = () => {
    const best = new Map<string, { priority: number; minimum: number; price: number }>();
    for (const row of tiers.all(tenant, "2026-02-01", "2026-02-01", ...products)) {
      const { product_id, min_quantity, unit_price, priority } = row as unknown as Tier;
      if (min_quantity > 20) continue;
      const known = best.get(product_id);
      if (
        !known ||
        priority < known.priority ||
        (priority === known.priority && min_quantity > known.minimum)
      )
        best.set(product_id, { priority, minimum: min_quantity, price: unit_price });
    }
    return products.map((id) => best.get(id)?.price);
  };
  const items = products.map((productId) => ({ productId, quantity: "20" }));
  const ask = () => me.service(pricing).resolve({ currency: "USD", on: "2026-02-01", items });
  const [first] = await ask();
  if (Number(first?.unitPrice?.amount) * 100 !== rawPrices()[0]) throw new Error("the prices differ");

  const quoteId = await sentQuote(me);
  const { key } = await issueApiKey(me, { name: "benchmark", roles: ["admin"] });
  const app = createHttp(crm);
  const print = async () => {
    const headers = { authorization: `Bearer ${key}` };
    const answer = await app.request(`/api/quotes/${quoteId}/document`, { headers });
    const file = Buffer.from(await answer.arrayBuffer());
    if (file.subarray(0, 5).toString() !== "%PDF-") throw new Error(`no PDF: ${file.toString()}`);
  };

  const model = bundle();
  const scenarios: Scenario[] = [
    {
      name: "forecast of 500 people",
      tasks: async (): Promise<Task[]> => [
        { name: "raw", run: rawForecast },
        { name: "corm", run: () => me.entities.opportunity.forecast({ period: "2026-Q1", managerId: top }) },
      ],
    },
    {
      name: "resolve prices",
      unit: { name: "prices/s", count: ITEMS },
      tasks: async (): Promise<Task[]> => [
        { name: "raw", run: rawPrices },
        { name: "corm", run: ask },
      ],
    },
    {
      name: "print a quote of 30 lines",
      unit: { name: "documents/s", count: 1 },
      tasks: async (): Promise<Task[]> => [{ name: "corm", run: print }],
    },
    {
      name: "check a configuration of 40 options",
      tasks: async (): Promise<Task[]> => [
        { name: "corm", run: () => violationsOf(model, { o3: 1, o17: 1, o39: 1 }) },
      ],
    },
    {
      name: "complete a configuration of 40 options",
      tasks: async (): Promise<Task[]> => [
        { name: "corm", run: () => solve(model, { o3: 1, o17: 1, o39: 1 }) },
      ],
    },
  ];
  return {
    scenarios,
    stop: async () => {
      database.close();
      await crm.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function seedPeople(me: Session, deals: number): Promise<string> {
  const { user, opportunity } = me.entities;
  const top = await user.create({ name: "Top" });
  const people = [top.id];
  // Level by level: whoever is written first has those after him below.
  while (people.length < USERS) {
    const start = people.length;
    const count = Math.min(start * WIDTH, USERS - start);
    const made = await user.createMany(
      Array.from({ length: count }, (_, n) => ({
        name: `Person ${start + n}`,
        managerId: people[Math.floor((start + n - 1) / WIDTH)] as string,
      })),
    );
    people.push(...made.map(({ id }) => id));
  }
  for (let start = 0; start < deals; start += 1000)
    await opportunity.createMany(
      Array.from({ length: 1000 }, (_, k) => {
        const n = start + k;
        return {
          name: `Deal ${n}`,
          ownerId: people[n % people.length] as string,
          stage: STAGES[n % STAGES.length] as string,
          closeDate: `2026-0${1 + (n % 4)}-${10 + (n % 18)}`,
          amount: { amount: `${(n % 5000) + 1}.00`, currency: "USD" },
        };
      }),
    );
  return top.id;
}

async function seedPrices(me: Session): Promise<string[]> {
  const { product, priceBook, priceBookEntry } = me.entities;
  const products = await product.createMany(
    Array.from({ length: ITEMS }, (_, n) => ({ name: `Product ${n}` })),
  );
  const books = await priceBook.createMany([
    { name: "Standard", currency: "USD" },
    { name: "Winter", currency: "USD", priority: 10, validFrom: "2026-01-01", validUntil: "2026-03-31" },
    { name: "Retail", currency: "USD", segment: "retail" },
    { name: "Euro", currency: "EUR" },
  ]);
  for (const book of books)
    await priceBookEntry.createMany(
      products.flatMap(({ id }, n) =>
        [0, 10, 100].map((minQuantity) => ({
          priceBookId: book.id,
          productId: id,
          minQuantity,
          unitPrice: { amount: `${1000 + n - minQuantity}.00`, currency: book.currency },
        })),
      ),
    );
  return products.map(({ id }) => id);
}

async function sentQuote(me: Session): Promise<string> {
  const { quote, quoteLine } = me.entities;
  const { id } = await quote.create({ name: "Solar roof" });
  await quoteLine.createMany(
    Array.from({ length: LINES }, (_, n) => ({
      ...{ quoteId: id, position: n, description: `Panel of ${n} W`, quantity: "3", taxRate: "19" },
      unitPrice: { amount: `${100 + n}.50`, currency: "USD" },
    })),
  );
  await quote.send(id);
  return id;
}

/** Forty options in eight groups, each of which excludes or requires another one. */
function bundle(): BundleModel {
  const options = Array.from({ length: 40 }, (_, n) => ({
    key: `o${n}`,
    group: `g${n % 8}`,
    required: n === 0,
    minQuantity: 1,
    maxQuantity: 4,
    requires: n % 5 === 3 ? [{ name: `r${n}`, option: `o${(n + 1) % 40}` }] : [],
    excludes: n % 5 === 2 ? [{ name: `x${n}`, option: `o${(n + 8) % 40}` }] : [],
  }));
  return { groups: Array.from({ length: 8 }, (_, n) => ({ name: `g${n}`, min: 1, max: 2 })), options };
}
