import { afterEach, describe, expect, it } from "vitest";
import {
  type Change,
  type ChangesOptions,
  type Client,
  type ClientOptions,
  createClient,
} from "../src/index.js";
import { listen, type ShopCrm } from "./support/serve.js";

/** A small server of numbered changes, as the contract describes them. */
class Feed {
  readonly asked: string[] = [];
  readonly waiting = new Set<ReadableStreamDefaultController<Uint8Array>>();
  last = 0;
  streams = true;
  /** What the stream answers instead, first come first served. */
  readonly instead: (() => Response)[] = [];

  fetch = (request: Request): Response => {
    const url = new URL(request.url);
    const id = request.headers.get("last-event-id");
    this.asked.push(
      `${url.pathname.slice("/api/changes".length)}${url.search}${id === null ? "" : ` from ${id}`}`,
    );
    if (request.headers.get("authorization") !== "Bearer k") return this.#refuse();
    if (!url.pathname.endsWith("/stream")) return this.#page(url.searchParams);
    const instead = this.instead.shift();
    if (instead) return instead();
    if (!this.streams) return problem(404, "route-not-found");
    return this.#stream(Number(id ?? "0"));
  };

  /** A change that everybody who listens hears of. */
  happen(): void {
    this.last++;
    for (const controller of this.waiting) controller.enqueue(bytes(event(this.last)));
  }

  /** Every open connection breaks. */
  cut(): void {
    for (const controller of this.waiting) controller.error(new Error("cut"));
    this.waiting.clear();
  }

  #stream(after: number): Response {
    let own: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        controller.enqueue(bytes(": hello\n\n"));
        for (let n = after + 1; n <= this.last; n++) controller.enqueue(bytes(event(n)));
        this.waiting.add(controller);
      },
      cancel: () => {
        if (own) this.waiting.delete(own);
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  #page(query: URLSearchParams): Response {
    const after = query.get("after") === "now" ? this.last : Number(query.get("after") ?? "0");
    const next = Math.min(this.last, after + Math.min(2, Number(query.get("limit"))));
    const data = Array.from({ length: next - after }, (_, n) => ({ record: String(after + n + 1) }));
    return Response.json({ data, page: { next: String(next), more: next < this.last } });
  }

  #refuse(): Response {
    return problem(401, "unauthenticated");
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);
const event = (n: number) => `id: ${n}\nevent: change\ndata: ${JSON.stringify({ record: String(n) })}\n\n`;
const problem = (status: number, code: string) =>
  Response.json({ code, title: "t", detail: "d" }, { status });

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function start(options: Partial<ClientOptions> = {}): Promise<{ feed: Feed; client: Client<ShopCrm> }> {
  const feed = new Feed();
  const { url, close } = await listen(feed.fetch);
  ends.push(close);
  return {
    feed,
    client: createClient<ShopCrm>({ url, key: "k", retry: { baseMs: 2, maxMs: 5 }, ...options }),
  };
}

/** Reads changes in the background until the loop is left. */
function follow(client: Client<ShopCrm>, options: ChangesOptions) {
  const seen: Change[] = [];
  const abort = new AbortController();
  const ended = (async () => {
    for await (const change of client.changes({ ...options, signal: abort.signal })) seen.push(change);
  })();
  ended.catch(() => undefined);
  ends.unshift(async () => {
    abort.abort(new Error("test is over"));
    await ended.catch(() => undefined);
  });
  return { seen, abort, ended, records: () => seen.map(({ record }) => Number(record)) };
}

const until = async (holds: () => boolean) => {
  for (let n = 0; !holds(); n++) {
    if (n > 1000) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

describe("changes", () => {
  it("arrive as they happen, with the bearer of the client", async () => {
    const { feed, client } = await start();
    feed.happen();
    const { seen, records } = follow(client, { after: null });
    await until(() => seen.length === 1);
    feed.happen();
    await until(() => seen.length === 2);
    expect(records()).toEqual([1, 2]);
    expect(seen.map(({ cursor }) => cursor)).toEqual(["1", "2"]);
  });

  it("begin now where nothing else is asked, also when the first connection breaks before any came", async () => {
    const { feed, client } = await start();
    feed.happen();
    const { seen, records } = follow(client, {});
    await until(() => feed.waiting.size === 1);
    feed.cut();
    feed.happen();
    await until(() => seen.length === 1);
    expect(records()).toEqual([2]);
  });

  it("go on where they were after every broken connection: none lost, none twice", async () => {
    const { feed, client } = await start();
    const { seen, records } = follow(client, { after: null });
    for (let n = 1; n <= 40; n++) {
      feed.happen();
      if (n % 4 === 0) feed.cut();
      if (n % 8 === 0) feed.instead.push(() => problem(503, "not-ready"));
      await new Promise((resolve) => setTimeout(resolve, n % 3));
    }
    await until(() => seen.length >= 40);
    expect(records()).toEqual(upTo(40));
    expect(feed.asked.length).toBeGreaterThan(8);
  });

  it("come from a cursor", async () => {
    const { feed, client } = await start();
    for (let n = 0; n < 5; n++) feed.happen();
    const { seen, records } = follow(client, { after: "3" });
    await until(() => seen.length === 2);
    expect(records()).toEqual([4, 5]);
  });

  it("connect again when the line has gone silent", async () => {
    const { feed, client } = await start();
    follow(client, { after: null, idleMs: 40 });
    await until(() => feed.asked.length >= 3);
  });

  it("close the connection when the loop is left, and when the caller aborts", async () => {
    const { feed, client } = await start();
    feed.happen();
    for await (const change of client.changes({ after: null })) {
      expect(change.record).toBe("1");
      break;
    }
    await until(() => feed.waiting.size === 0);
    const { abort, ended } = follow(client, { after: "1" });
    await until(() => feed.waiting.size === 1);
    abort.abort(new Error("enough"));
    await expect(ended).rejects.toThrow("enough");
    await until(() => feed.waiting.size === 0);
  });

  it.each([
    ["no stream", () => problem(404, "route-not-found")],
    [
      "something else in between",
      () => new Response("<p>sign in</p>", { headers: { "content-type": "text/html" } }),
    ],
  ])("are polled where there is %s", async (_, answer) => {
    const { feed, client } = await start();
    for (let n = 0; n < 5; n++) feed.happen();
    feed.instead.push(answer);
    const { seen, records } = follow(client, { after: null, pollMs: 5 });
    await until(() => seen.length === 5);
    feed.happen();
    await until(() => seen.length === 6);
    expect(records()).toEqual(upTo(6));
    expect(feed.waiting.size).toBe(0);
    // Whoever goes on from a cursor misses none.
    for (const [index, { cursor }] of seen.entries()) expect(Number(cursor)).toBeLessThanOrEqual(index + 1);
    expect(seen.at(-1)?.cursor).toBe("6");
  });

  it("end with an error that does not pass by itself", async () => {
    const { client } = await start({ key: "wrong" });
    await expect(follow(client, { after: null }).ended).rejects.toMatchObject({ code: "unauthenticated" });
    const { feed, client: other } = await start();
    feed.instead.push(
      () => new Response("data: {broken\n\n", { headers: { "content-type": "text/event-stream" } }),
    );
    await expect(follow(other, { after: null }).ended).rejects.toMatchObject({ code: "unexpected-answer" });
  });
});
