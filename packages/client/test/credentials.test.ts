import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ClientOptions, createClient, type Middleware } from "../src/index.js";
import { failureOf } from "./support/failure.js";
import { type Served, type ShopCrm, serveShop } from "./support/serve.js";

let served: Served;
const paths = { shopOrder: "till-rolls" };
const connect = (options: Partial<ClientOptions>) =>
  createClient<ShopCrm>({ url: served.url, paths, retry: { baseMs: 1 }, ...options });

beforeAll(async () => {
  served = await serveShop();
});
afterAll(() => served.close());

describe("a token that runs out", () => {
  it("is fetched once, and once more when the server refuses it, however many calls wait", async () => {
    const asked: boolean[] = [];
    let valid = false;
    const client = connect({
      token: async ({ refresh }) => {
        asked.push(refresh);
        valid ||= refresh;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return valid ? served.key : "stale";
      },
    });
    const counts = await Promise.all(Array.from({ length: 8 }, () => client.shopOrder.count()));
    expect(counts).toEqual(Array(8).fill(0));
    expect(asked).toEqual([false, true]);
    await client.shopOrder.create({ code: "C1" });
    expect(asked).toEqual([false, true]);
  });

  it("is not fetched again and again when the new one is refused too", async () => {
    let asked = 0;
    const client = connect({ token: () => `wrong-${++asked}` });
    expect((await failureOf(client.shopOrder.count())).code).toBe("unauthenticated");
    expect(asked).toBe(2);
  });

  it("is asked for by the next call when its provider failed", async () => {
    let asked = 0;
    const client = connect({
      token: () => {
        if (++asked === 1) throw new Error("signed out");
        return served.key;
      },
    });
    await expect(client.shopOrder.count()).rejects.toThrow("signed out");
    await client.shopOrder.count();
  });
});

describe("options", () => {
  it.each([
    [{ url: "https://crm.example.com", kye: "x" }, `"kye"`],
    [{}, `"url"`],
    [{ url: "https://crm.example.com", key: "x", cookies: true }, "exclude"],
    [{ url: "https://crm.example.com", retry: { attempts: 0 } }, "attempts"],
  ])("that do not fit are refused: %j", (options, said) => {
    expect(() => createClient<ShopCrm>(options as ClientOptions)).toThrow(said);
  });

  it("of a URL that is none fail at the first call, and once", async () => {
    let calls = 0;
    const client = connect({ url: "crm", fetch: async () => Response.json({ calls: ++calls }) });
    expect((await failureOf(client.shopOrder.count())).code).toBe("invalid-client-options");
    expect(calls).toBe(0);
  });
});

describe("middleware", () => {
  it("wraps every try in order, and sees what goes and what comes", async () => {
    const trace: string[] = [];
    const tracing =
      (name: string): Middleware =>
      async (request, next) => {
        const traced = new Request(request);
        traced.headers.set("x-request-id", "trace-4711");
        trace.push(`${name} > ${request.method} ${new URL(request.url).pathname}`);
        const response = await next(traced);
        trace.push(`${name} < ${response.status} ${response.headers.get("x-request-id")}`);
        return response;
      };
    let failures = 1;
    const client = connect({
      key: served.key,
      middleware: [tracing("a"), tracing("b")],
      fetch: async (request) => {
        if (failures-- > 0) throw new TypeError("broken");
        return fetch(request);
      },
    });
    await client.shopOrder.count();
    expect(trace).toEqual([
      "a > POST /api/till-rolls/query",
      "b > POST /api/till-rolls/query",
      "a > POST /api/till-rolls/query",
      "b > POST /api/till-rolls/query",
      "b < 200 trace-4711",
      "a < 200 trace-4711",
    ]);
  });
});

describe("an answer of something else", () => {
  it.each([
    ["HTML", () => new Response("<p>hello</p>", { headers: { "content-type": "text/html" } })],
    ["half of JSON", () => new Response('{"data":', { headers: { "content-type": "application/json" } })],
    ["an error without a problem", () => new Response("nope", { status: 418 })],
  ])("is an error, not a result: %s", async (_, answer) => {
    let calls = 0;
    const fetch = async () => {
      calls++;
      return answer();
    };
    expect((await failureOf(connect({ fetch }).shopOrder.count())).code).toBe("unexpected-answer");
    expect(calls).toBe(1);
  });
});

describe("where entities are", () => {
  it("is asked once by however many calls, and can be kept", async () => {
    const asked: string[] = [];
    const client = createClient<ShopCrm>({
      url: served.url,
      key: served.key,
      fetch: (request) => {
        asked.push(new URL(request.url).pathname);
        return fetch(request);
      },
    });
    await Promise.all([client.shopOrder.count(), client.contact.count(), client.account.count()]);
    const asking = asked.filter((path) => !path.endsWith("/query"));
    expect(new Set(asking).size).toBe(asking.length);
    expect(await client.paths()).toMatchObject({ shopOrder: "till-rolls", contact: "contacts" });
  });
});
