import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Client, createClient } from "../src/index.js";
import { failureOf } from "./support/failure.js";
import { type Line, startLine } from "./support/line.js";
import { hasRoute, type Served, type ShopCrm, serveShop } from "./support/serve.js";

let served: Served;
let line: Line;
let client: Client<ShopCrm>;

beforeAll(async () => {
  served = await serveShop();
  line = await startLine(served.url);
  client = createClient<ShopCrm>({ url: line.url, key: served.key, retry: { baseMs: 1 } });
  await client.paths();
});
afterAll(async () => {
  await line.close();
  await served.close();
});
beforeEach(async ({ skip }) => {
  if (!(await hasRoute(served.url, "/api/till-rolls/batch"))) skip("core does not serve batches");
  line.seen.length = 0;
});

describe("many records at once", () => {
  it("are created, changed and deleted in one request each, once for all lost answers", async () => {
    line.plan("unanswered");
    const rows = await client.shopOrder.createMany([{ code: "M1" }, { code: "M2" }, { code: "M3" }]);
    expect(rows.map(({ code }) => code)).toEqual(["M1", "M2", "M3"]);
    expect(await served.me.entities.shopOrder.count({ code: { startsWith: "M" } })).toBe(3);
    const changed = await client.shopOrder.updateMany(
      rows.map(({ id, version }, n) => ({ id, version, patch: { pieces: n } })),
    );
    expect(changed.map(({ pieces }) => pieces)).toEqual([0, 1, 2]);
    line.plan("torn");
    await client.shopOrder.deleteMany([rows[0]!.id, rows[1]!.id]);
    expect(await served.me.entities.shopOrder.count({ code: { startsWith: "M" } })).toBe(1);
    expect(line.seen.length).toBe(5);
    // Its tag came with the batch: no reading for it.
    expect((await client.shopOrder.update(rows[2]!.id, { pieces: 9 }, { version: 2 })).version).toBe(3);
    expect(line.seen.length).toBe(6);
    expect(await client.shopOrder.createMany([])).toEqual([]);
  });

  it("are all or none, or what can be done", async () => {
    const { id } = await client.shopOrder.create({ code: "N1" });
    const error = await failureOf(client.shopOrder.createMany([{ code: "N2" }, { code: "N1" }]));
    expect(error.code).toBe("unique-violation");
    expect(error.issues[0]?.pointer).toContain("/operations/1");
    const results = await client.shopOrder.batch(
      [
        { op: "create", data: { code: "N1" } },
        { op: "update", id, data: { pieces: 3 }, version: 1 },
        { op: "delete", id, version: 1 },
      ],
      { atomic: false },
    );
    expect(results.map(({ status, error: own }) => [status, own?.code])).toEqual([
      [409, "unique-violation"],
      [200, undefined],
      [412, "version-conflict"],
    ]);
    expect(results[1]?.data?.pieces).toBe(3);
  });
});
