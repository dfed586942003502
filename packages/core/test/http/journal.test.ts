import { apiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApi, type TestApi } from "./support/start.js";

let api: TestApi;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.crm.stop());

const newParcel = async (code: string): Promise<string> =>
  (await api.call("POST", "/api/parcels", { body: { code } })).body["id"] as string;

describe("history", () => {
  it("tells who changed a record, newest first, in pages", async () => {
    const id = await newParcel("H1");
    await api.call("PATCH", `/api/parcels/${id}`, { body: { weight: 3 } });
    const { body } = await api.call("GET", `/api/parcels/${id}/history?limit=1`);
    const page = body as { data: Record<string, unknown>[]; page: { next: string } };
    expect(page.data[0]).toMatchObject({
      operation: "update",
      version: 2,
      actor: { kind: "apiKey" },
      changes: { weight: [null, 3] },
    });
    const rest = await api.call("GET", `/api/parcels/${id}/history?after=${page.page.next}`);
    expect(rest.body).toMatchObject({ data: [{ operation: "create", version: 1 }], page: { next: null } });
    await api.fails(404, "not-found", "GET", `/api/parcels/${id}/history`, { key: api.foreignKey });
    await api.fails(404, "not-found", "GET", "/api/parcels/00000000-0000-7000-8000-00000000dead/history");
    await api.fails(400, "invalid-cursor", "GET", `/api/parcels/${id}/history?after=nonsense`);
    await api.fails(400, "unknown-parameter", "GET", `/api/parcels/${id}/history?sort=at`);
  });
});

describe("changes", () => {
  it("are polled with a cursor, and have nothing of internal entities and other tenants", async () => {
    const start = (await api.call("GET", "/api/changes?after=now")).body as { page: { next: string } };
    const id = await newParcel("C1");
    await api.call("POST", "/api/parcels", { body: { code: "C2" }, key: api.foreignKey });
    await api.newKey("another");
    const { body } = await api.call("GET", `/api/changes?after=${start.page.next}`);
    const page = body as {
      data: { record: string; entity: string }[];
      page: { next: string; more: boolean };
    };
    expect(page.data.filter(({ entity }) => entity === "parcel").map(({ record }) => record)).toEqual([id]);
    expect(page.data.filter(({ entity }) => entity === "parcelLog" || entity === "apiKey")).toEqual([]);
    expect(page.page.more).toBe(false);
    const none = await api.call("GET", `/api/changes?after=${page.page.next}&limit=5`);
    expect(none.body).toMatchObject({ data: [], page: { next: page.page.next, limit: 5 } });
    await api.fails(400, "invalid-cursor", "GET", `/api/changes?after=${page.page.next}`, {
      key: api.foreignKey,
    });
    await api.fails(400, "invalid-parameter", "GET", "/api/changes?limit=many");
    await api.fails(401, "unauthenticated", "GET", "/api/changes", { key: null });
  });
});

/** A stream as a client sees it: its events one after another. */
async function listen(headers: Record<string, string> = {}, key = api.key, signal?: AbortSignal) {
  const http = createHttp(api.crm, { tenants: ["test", "other"] });
  const response = await http.request("/api/changes/stream", {
    headers: { authorization: `Bearer ${key}`, ...headers },
    ...(signal ? { signal } : {}),
  });
  const reader = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let rest = "";
  /** The next block that has data or, with `any`, the next block at all; undefined at the end. */
  const block = async (): Promise<Record<string, string> | undefined> => {
    for (;;) {
      const end = rest.indexOf("\n\n");
      if (end >= 0) {
        const lines = rest.slice(0, end).split("\n");
        rest = rest.slice(end + 2);
        return Object.fromEntries(
          lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
        );
      }
      const { value, done } = await reader.read();
      if (done) return undefined;
      rest += value;
    }
  };
  const event = async () => {
    for (;;) {
      const found = await block();
      if (found === undefined || found["data"] !== undefined) return found;
    }
  };
  return { response, block, event, reader };
}

describe("the stream of changes", () => {
  it("sends what happens as it happens, and goes on after the last event that was seen", async () => {
    const live = await listen();
    expect(live.response.status).toBe(200);
    expect(live.response.headers.get("content-type")).toContain("text/event-stream");
    expect(live.response.headers.get("cache-control")).toBe("no-store");
    expect((await live.block())?.["id"]).toBeTruthy();
    const ids = [await newParcel("S1"), await newParcel("S2")];
    const [first, second] = [await live.event(), await live.event()];
    expect([first, second].map((event) => JSON.parse(event?.["data"] ?? "null").record)).toEqual(ids);
    expect(first?.["event"]).toBe("change");
    await live.reader.cancel();

    const again = await listen({ "last-event-id": first?.["id"] as string });
    expect(JSON.parse((await again.event())?.["data"] ?? "null").record).toBe(ids[1]);
    await again.reader.cancel();
    const refused = await listen({ "last-event-id": "nonsense" });
    expect(refused.response.status).toBe(400);
  });

  it("beats while nothing happens", async () => {
    const live = await listen();
    await live.block();
    api.clock.advance({ seconds: 20 });
    expect(await live.block()).toMatchObject({ id: expect.any(String) });
    await live.reader.cancel();
  });

  it("ends when the credential is withdrawn, before it shows what comes then", async () => {
    const { key } = await api.newKey("short-lived");
    const live = await listen({}, key);
    await live.block();
    const [found] = (await api.me.repo(apiKey).find({ where: { name: "short-lived" } })).items;
    await api.me.repo(apiKey).delete(found?.id as string);
    await newParcel("S3");
    expect(await live.event()).toBeUndefined();
  });

  it("ends with its client, and reads nothing for one that does not take what it has", async () => {
    const controller = new AbortController();
    const live = await listen({}, api.key, controller.signal);
    await live.block();
    controller.abort();
    await expect(live.event().catch(() => undefined)).resolves.toBeUndefined();
    expect(api.errors).toEqual([]);
  });
});
