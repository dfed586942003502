import { afterAll, beforeAll, expect, it } from "vitest";
import { type Change, type Client, createClient } from "../src/index.js";
import { type Served, type ShopCrm, serveShop } from "./support/serve.js";

let served: Served;
let client: Client<ShopCrm>;

beforeAll(async () => {
  served = await serveShop();
  client = createClient<ShopCrm>({ url: served.url, key: served.key, retry: { baseMs: 2 } });
});
afterAll(() => served.close());

const codesOf = (changes: readonly Change[]) => changes.map((change) => change.changes?.["code"]?.[1]);

it.each(["stream", "poll"] as const)(
  "brings what happened before and what happens, by %s",
  async (transport) => {
    const name = (n: number) => `${transport}-${n}`;
    for (let n = 1; n <= 3; n++) await client.shopOrder.create({ code: name(n) });
    const seen: Change[] = [];
    for await (const change of client.changes({ after: null, transport, pollMs: 20 })) {
      const code = change.changes?.["code"]?.[1];
      if (change.entity !== "shopOrder" || !String(code).startsWith(transport)) continue;
      seen.push(change);
      if (seen.length === 3) await client.shopOrder.create({ code: name(4) });
      if (seen.length === 4) break;
    }
    expect(codesOf(seen)).toEqual([1, 2, 3, 4].map(name));
    for await (const change of client.changes({ after: seen[1]!.cursor, transport, pollMs: 20 })) {
      expect(codesOf([change])).toEqual([name(3)]);
      break;
    }
  },
  60_000,
);

it("has the history of a record, newest first", async () => {
  const { id } = await client.shopOrder.create({ code: "H1" });
  await client.shopOrder.update(id, { pieces: 4 });
  const first = await client.shopOrder.history(id, { limit: 1 });
  expect(first.items.map(({ operation, changes }) => [operation, changes?.["pieces"]])).toEqual([
    ["update", [null, 4]],
  ]);
  const rest = await client.shopOrder.history(id, { after: first.next });
  expect(rest.items.map(({ operation }) => operation)).toEqual(["create"]);
});
