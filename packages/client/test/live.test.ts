import { afterAll, beforeAll, expect, it } from "vitest";
import { type Change, type Client, createClient } from "../src/index.js";
import { failureOf } from "./support/failure.js";
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

it("walks through a history and a timeline page by page, and stops where the loop does", async () => {
  const { id } = await client.contact.create({ lastName: "Timely" });
  for (let n = 0; n < 5; n++) {
    served.clock.advance(60_000);
    await client.activity.create({ kind: "note", subject: `note ${n}`, contactId: id });
  }
  await client.touchpoint.create({
    channel: "form",
    source: "home",
    capturedAt: "2020-01-01T00:00:00Z",
    contactId: id,
  });

  const page = await client.contact.timeline(id, { limit: 2 });
  expect(page.items.map(({ kind, title }) => [kind, title])).toEqual([
    ["activity", "note 4"],
    ["activity", "note 3"],
  ]);
  expect((await client.contact.timeline(id, { limit: 1, after: page.next })).items[0]?.title).toBe("note 2");
  const titles: string[] = [];
  for await (const { title } of client.contact.streamTimeline(id, { limit: 2 })) titles.push(title);
  expect(titles).toEqual([4, 3, 2, 1, 0].map((n) => `note ${n}`).concat("form home"));
  expect(page.items).toEqual((await served.me.entities.contact.timeline(id, { limit: 2 })).items);

  await client.contact.update(id, { firstName: "Tim" });
  const done: string[] = [];
  for await (const { operation } of client.contact.streamHistory(id, { limit: 1 })) done.push(operation);
  expect(done).toEqual(["update", "create"]);

  let asked = 0;
  const counting = createClient<ShopCrm>({
    url: served.url,
    key: served.key,
    middleware: [
      (request, next) => {
        asked += Number(request.url.includes("/timeline"));
        return next(request);
      },
    ],
  });
  for await (const _ of counting.contact.streamTimeline(id, { limit: 2 })) break;
  expect(asked).toBe(1);
});

it("has no timeline for who may not see the record, nor with a cursor of another one", async () => {
  const { id } = await client.contact.create({ lastName: "One" });
  const other = await client.contact.create({ lastName: "Other" });
  await client.activity.createMany(
    [1, 2].map((n) => ({ kind: "note" as const, subject: `n${n}`, contactId: id })),
  );
  const { next } = await client.contact.timeline(id, { limit: 1 });
  expect(next).not.toBeNull();
  expect((await failureOf(client.contact.timeline(other.id, { after: next }))).code).toBe("invalid-cursor");
  expect((await failureOf(client.contact.timeline(crypto.randomUUID()))).status).toBe(404);
  expect((await failureOf(client.contact.timeline("../x"))).code).toBe("invalid-id");
});
