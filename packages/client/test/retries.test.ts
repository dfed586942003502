import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Client, type ClientOptions, createClient, isCormClientError } from "../src/index.js";
import { failureOf } from "./support/failure.js";
import { type Fault, type Line, startLine } from "./support/line.js";
import { type Served, type ShopCrm, serveShop } from "./support/serve.js";

let served: Served;
let line: Line;
let paths: Record<string, string>;
/** Pauses that the client made, none of which takes time. */
let pauses: number[] = [];

const connect = (options: Partial<ClientOptions> = {}): Client<ShopCrm> =>
  createClient<ShopCrm>({
    url: line.url,
    key: served.key,
    paths,
    surroundings: {
      random: () => 0.5,
      sleep: async (milliseconds) => {
        pauses.push(milliseconds);
      },
    },
    ...options,
  });

beforeAll(async () => {
  served = await serveShop();
  line = await startLine(served.url);
  paths = { ...(await createClient<ShopCrm>({ url: served.url, key: served.key }).paths()) };
});
afterAll(async () => {
  await line.close();
  await served.close();
});
beforeEach(() => {
  pauses = [];
  line.seen.length = 0;
});

const stored = (code: string) => served.me.entities.shopOrder.count({ code });
let codes = 0;
const newCode = () => `T${++codes}`;

describe("a create", () => {
  const done: readonly Fault[] = ["lost", "unanswered", "torn", "twice", "gateway", "busy"];
  it.each(done)("is done once and answered when its request is %s", async (fault) => {
    const code = newCode();
    line.plan(fault);
    const row = await connect().shopOrder.create({ code });
    expect(row.code).toBe(code);
    expect(await stored(code)).toBe(1);
    const keys = new Set(line.seen.map(({ headers }) => headers["idempotency-key"]));
    expect(keys.size).toBe(1);
    expect(line.seen.length).toBe(fault === "twice" && pauses.length === 0 ? 1 : 2);
  });

  it("is done once when the answer takes longer than the client waits", async () => {
    const code = newCode();
    line.plan("slow");
    line.slowMs = 3000;
    await connect({ timeoutMs: 2000 }).shopOrder.create({ code });
    expect(line.seen.map(({ fault }) => fault)).toEqual(["slow", "none"]);
    expect(await stored(code)).toBe(1);
  });

  it("waits longer before each further try, and gives up after the last", async () => {
    const code = newCode();
    line.plan("lost", "unanswered", "lost", "lost");
    const error = await failureOf(connect().shopOrder.create({ code }));
    expect([error.code, error.status, error.uncertain]).toEqual(["network-error", 0, true]);
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(pauses).toEqual([125, 250, 500]);
    expect(await stored(code)).toBe(1);
  });

  it("says nothing of doubt once the server has answered for the key", async () => {
    line.plan("unanswered");
    const code = newCode();
    await connect().shopOrder.create({ code });
    line.plan("lost");
    const error = await failureOf(connect().shopOrder.create({ code }));
    expect([error.code, error.uncertain]).toEqual(["unique-violation", false]);
  });

  it("is not tried again for what another try would not mend", async () => {
    const error = await failureOf(connect().shopOrder.create({ code: "" }));
    expect(error.code).toBe("validation-failed");
    expect(line.seen.length).toBe(1);
  });

  it("is the same intent under a key of the caller's", async () => {
    const [code, idempotencyKey] = [newCode(), "order-4711"];
    const first = await connect().shopOrder.create({ code }, { idempotencyKey });
    expect(await connect().shopOrder.create({ code }, { idempotencyKey })).toEqual(first);
    expect(await stored(code)).toBe(1);
  });
});

describe("a change without a version", () => {
  it.each(["lost", "unanswered", "torn", "gateway"] as const)(
    "is not sent again when its request is %s, since it could undo what came in between",
    async (fault) => {
      const { id } = await served.me.entities.shopOrder.create({ code: newCode() });
      line.plan(fault);
      const error = await failureOf(connect().shopOrder.update(id, { pieces: 5 }));
      expect([line.seen.length, error.uncertain]).toEqual([1, true]);
      line.plan(fault);
      expect((await failureOf(connect().shopOrder.delete(id))).uncertain).toBe(true);
    },
  );

  it("is sent again where the server says that it did nothing", async () => {
    const { id } = await served.me.entities.shopOrder.create({ code: newCode() });
    line.plan("busy");
    expect((await connect().shopOrder.update(id, { pieces: 5 })).version).toBe(2);
  });
});

describe("a change of one version", () => {
  it("is sent again, and done once", async () => {
    const client = connect();
    const { id } = await client.shopOrder.create({ code: newCode() });
    line.plan("lost");
    expect((await client.shopOrder.update(id, { pieces: 5 }, { version: 1 })).version).toBe(2);
  });

  it("says when it may have been its own lost answer that moved the record on", async () => {
    const client = connect();
    const { id } = await client.shopOrder.create({ code: newCode() });
    line.plan("unanswered");
    const error = await failureOf(client.shopOrder.update(id, { pieces: 5 }, { version: 1 }));
    expect([error.code, error.uncertain]).toEqual(["version-conflict", true]);
    expect((await client.shopOrder.get(id)).version).toBe(2);
    line.plan("unanswered");
    await client.shopOrder.delete(id, { version: 2 });
    expect(line.seen.slice(-2).map(({ method }) => method)).toEqual(["DELETE", "DELETE"]);
    expect((await failureOf(client.shopOrder.get(id))).code).toBe("not-found");
  });

  it("runs an action once", async () => {
    const client = connect();
    const { id } = await client.shopOrder.create({ code: newCode() });
    line.plan("unanswered");
    const paid = await client.shopOrder.pay(id, { by: "card" }, { version: 1 });
    expect(paid).toEqual({ state: "paid", by: "card" });
    expect((await served.me.entities.shopOrder.get(id)).version).toBe(2);
  });
});

describe("reading", () => {
  it("is tried again whatever happens, without keys that the server would have to remember", async () => {
    line.plan("lost", "gateway", "torn");
    expect(await connect().shopOrder.count({ code: "nothing" })).toBe(0);
    expect(line.seen.map(({ headers }) => headers["idempotency-key"])).toEqual(Array(4).fill(undefined));
  });

  it("goes on through a list from the page that broke", async () => {
    const all = (await served.me.entities.shopOrder.find({ orderBy: ["code"], limit: 500 })).items;
    line.plan("none", "unanswered", "none", "torn", "lost");
    const seen: string[] = [];
    for await (const { code } of connect().shopOrder.stream({ orderBy: ["code"], limit: 3 })) seen.push(code);
    expect(seen).toEqual(all.map(({ code }) => code));
  });
});

describe("waiting", () => {
  const answering = (...answers: Response[]) =>
    connect({ fetch: async () => answers.shift() ?? Response.json({ data: [], page: { next: null } }) });
  const busy = (retryAfter: string, status = 429) =>
    Response.json(
      { code: "rate-limited", title: "t", detail: "d" },
      { status, headers: { "retry-after": retryAfter } },
    );

  it("is as long as the server asks, in seconds or until a date", async () => {
    const now = () => Date.parse("2026-01-05T09:00:00Z");
    const surroundings = { now, sleep: async (ms: number) => void pauses.push(ms) };
    const answers = [busy("7"), busy("Mon, 05 Jan 2026 09:00:12 GMT", 503), busy("soon")];
    const client = connect({
      surroundings: { ...surroundings, random: () => 1 },
      fetch: async () => answers.shift() ?? Response.json({ data: [], page: { next: null } }),
    });
    await client.shopOrder.find();
    expect(pauses).toEqual([7000, 12_000, 1000]);
  });

  it("is not longer than the client is willing to", async () => {
    const error = await failureOf(answering(busy("3600")).shopOrder.find());
    expect([error.code, error.retryAfterMs, pauses]).toEqual(["rate-limited", 3_600_000, []]);
  });

  it("ends with the caller's patience", async () => {
    const abort = new AbortController();
    const client = connect({ surroundings: {}, fetch: async () => busy("10") });
    const work = client.shopOrder.find({}, { signal: abort.signal });
    setTimeout(() => abort.abort(new Error("enough")), 30);
    await expect(work).rejects.toThrow("enough");
    await expect(client.shopOrder.find({}, { signal: abort.signal })).rejects.toThrow("enough");
  });

  it("ends a request that is under way", async () => {
    line.plan("slow");
    const abort = new AbortController();
    const work = connect().shopOrder.find({}, { signal: abort.signal });
    void vi.waitUntil(() => line.seen.length === 1).then(() => abort.abort(new Error("enough")));
    await expect(work).rejects.toThrow("enough");
    expect(line.seen.length).toBe(1);
  });
});

it("does every create once or not at all, whatever the line does", async () => {
  const fault = fc.constantFrom<Fault>("none", "lost", "unanswered", "torn", "twice", "gateway", "busy");
  let done = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { minLength: 4, maxLength: 24 }), async (faults) => {
      line.plan(...faults);
      const own = Array.from({ length: 4 }, newCode);
      const client = connect({ retry: { attempts: 3 } });
      const outcomes = await Promise.allSettled(own.map((code) => client.shopOrder.create({ code })));
      for (const [index, outcome] of outcomes.entries()) {
        const n = await stored(own[index]!);
        if (outcome.status === "fulfilled") {
          expect(n).toBe(1);
          done++;
        } else if (!isCormClientError(outcome.reason)) throw outcome.reason;
        else if (outcome.reason.uncertain) expect(n).toBeLessThan(2);
        else expect([outcome.reason.code, n]).toEqual([outcome.reason.code, 0]);
      }
      line.plan();
    }),
    { numRuns: Number(process.env["CLIENT_RUNS"] ?? 25) },
  );
  expect(done).toBeGreaterThan(20);
}, 300_000);
