import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onEngines } from "./support/on-engines.js";
import { parcel } from "./support/parcels.js";
import type { Call, Json, TestApi } from "./support/start.js";

onEngines((started) => {
  let api: TestApi;
  let id: string;
  let before: unknown;
  beforeAll(async () => {
    api = started();
    ({ id } = await api.me.repo(parcel).create({ code: "A1", note: "untouched" }));
    before = await api.me.repo(parcel).find();
  });
  afterAll(async () => {
    // None of the requests below may have changed anything, or have been a failure of the server.
    expect(await api.me.repo(parcel).find()).toEqual(before);
    expect(api.errors).toEqual([]);
  });

  const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
  const lists = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

  /** Bodies that are wrong for every route that reads JSON. */
  const bodies: readonly (readonly [string, number, string, Call])[] = [
    ["no JSON", 400, "invalid-body", { body: "name=Ada" }],
    ["JSON that is cut", 400, "invalid-body", { body: '{"code": "A' }],
    ["two values", 400, "invalid-body", { body: "{}{}" }],
    ["a comment", 400, "invalid-body", { body: '{"code": "A2" /* why */}' }],
    ["NaN", 400, "invalid-body", { body: '{"weight": NaN}' }],
    ["a key twice", 400, "invalid-body", { body: '{"code": "A2", "code": "A3"}' }],
    ["a key twice, once escaped", 400, "invalid-body", { body: '{"code": "A2", "c\\u006fde": "A3"}' }],
    ["33 levels", 400, "invalid-body", { body: nested(33) }],
    ["100,000 levels", 400, "invalid-body", { body: nested(100_000) }],
    ["100,000 lists", 400, "invalid-body", { body: lists(100_000) }],
    ["100,000 open lists", 400, "invalid-body", { body: "[".repeat(100_000) }],
    ["NUL", 400, "invalid-body", { body: '{"code": "A\\u00002"}' }],
    ["NUL in a key", 400, "invalid-body", { body: '{"co\\u0000de": "A2"}' }],
    ["half a surrogate pair", 400, "invalid-body", { body: '{"code": "A\\ud83d2"}' }],
    ["bytes that are no UTF-8", 400, "invalid-body", { body: new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]) }],
    ["UTF-16", 400, "invalid-body", { body: new Uint8Array(Buffer.from("{}", "utf16le")) }],
    ["5 MB", 413, "body-too-large", { body: JSON.stringify({ note: "x".repeat(5_000_000) }) }],
    [
      "5 MB that say they are short",
      413,
      "body-too-large",
      { body: "x".repeat(5_000_000), headers: { "content-length": "12" } },
    ],
    [
      "a length over the limit",
      413,
      "body-too-large",
      { body: "{}", headers: { "content-length": "9999999" } },
    ],
    ["text", 415, "unsupported-media-type", { body: "{}", headers: { "content-type": "text/plain" } }],
    [
      "a form",
      415,
      "unsupported-media-type",
      { body: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } },
    ],
    [
      "a JSON Patch",
      415,
      "unsupported-media-type",
      { body: "[]", headers: { "content-type": "application/json-patch+json" } },
    ],
    [
      "Latin-1",
      415,
      "unsupported-media-type",
      { body: "{}", headers: { "content-type": "application/json; charset=latin1" } },
    ],
    [
      "a compressed body",
      415,
      "unsupported-media-type",
      { body: "{}", headers: { "content-encoding": "gzip" } },
    ],
  ];

  const routes = (): readonly (readonly [string, string])[] => [
    ["POST", "/api/parcels"],
    ["PATCH", `/api/parcels/${id}`],
    ["POST", "/api/parcels/query"],
    ["POST", "/api/parcels/aggregate"],
    ["POST", `/api/parcels/${id}/send`],
    ["POST", "/api/parcels/find-heavy"],
    ["POST", "/api/actions/parcels.close-day"],
  ];

  it.each(bodies)("refuses a body with %s: %i %s", async (_, status, code, call) => {
    for (const [method, path] of routes()) await api.fails(status, code, method, path, call);
  });

  it("stops reading a stream that goes on and on", async () => {
    let sent = 0;
    const long = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          sent += 65_536;
          controller.enqueue(new Uint8Array(65_536).fill(0x20));
          if (sent > 8 * 1024 * 1024) controller.close();
        },
      });
    await api.fails(413, "body-too-large", "POST", "/api/parcels", { body: long() });
    expect(sent).toBeLessThan(2 * 1024 * 1024);
  });

  it.each(["[]", '"text"', "1", "null", "true", ""])("takes no %s for a record", async (body) => {
    await api.fails(400, "invalid-body", "POST", "/api/parcels", { body });
    await api.fails(400, "invalid-body", "PATCH", `/api/parcels/${id}`, { body });
    await api.fails(400, "invalid-body", "POST", "/api/parcels/query", { body });
  });

  it.each<[string, Json]>([
    ["numbers for text", { code: 5 }],
    ["text for a number", { code: "A2", weight: "5" }],
    ["a fraction for an integer", { code: "A2", weight: 1.5 }],
    ["a number no integer holds", { code: "A2", weight: 2 ** 60 }],
    ["a number no float holds", { code: "A2", rating: "1e999" }],
    ["a negative where there is none", { code: "A2", weight: -1 }],
    ["a word not in the list", { code: "A2", state: "gone" }],
    ["text for a boolean", { code: "A2", fragile: "true" }],
    ["a day that does not exist", { code: "A2", dueOn: "2026-02-30" }],
    ["an instant without a zone", { code: "A2", sentAt: "2026-01-01T10:00:00" }],
    ["money without a currency", { code: "A2", price: { amount: "5" } }],
    ["money of no country", { code: "A2", price: { amount: "5", currency: "XXY" } }],
    ["money as a number with a tail", { code: "A2", price: { amount: "5.001", currency: "EUR" } }],
    ["money beyond all", { code: "A2", price: { amount: "9".repeat(40), currency: "EUR" } }],
    ["an id that is none", { code: "A2", accountId: "1 or 1=1" }],
    ["an operator as a value", { code: { $ne: null } }],
    ["text that is too long", { code: "x".repeat(21) }],
    ["text that is too short", { code: "x" }],
    ["JSON of another shape", { code: "A2", box: { width: "wide" } }],
    ["null where a value is needed", { code: null }],
  ])("finds %s", async (_, body) => {
    await api.fails(422, "validation-failed", "POST", "/api/parcels", { body });
  });

  it.each([
    "id",
    "tenantId",
    "createdAt",
    "version",
    "__proto__",
    "constructor",
    "prototype",
    "x'; drop table parcel; --",
  ])("does not let %s be set", async (name) => {
    const body = `{"code": "A2", ${JSON.stringify(name)}: {"admin": true}}`;
    await api.fails(400, "unknown-field", "POST", "/api/parcels", { body });
    await api.fails(400, "unknown-field", "PATCH", `/api/parcels/${id}`, { body });
  });

  it("keeps a long wrong name out of its answer", async () => {
    const { text } = await api.fails(400, "unknown-field", "POST", "/api/parcels", {
      body: { ["n".repeat(500_000)]: 1 },
    });
    expect(text.length).toBeLessThan(10_000);
  });

  it.each<[string, unknown]>([
    ["text", "state = 'open'"],
    ["a list", [{ state: "open" }]],
    ["null", null],
    ["a list for a value", { state: ["open"] }],
    ["a number for text", { code: 5 }],
    ["text for a number", { weight: "5" }],
    ["a boolean for an id", { accountId: true }],
    ["an object of the kind that databases of documents take", { code: { $gt: "" } }],
    ["no operator", { state: {} }],
    ["text for and", { and: "x" }],
    ["null in or", { or: [null] }],
    ["text for a to-one relation", { account: "x" }],
    ["text for a to-many relation", { items: "x" }],
    ["a condition without a quantifier", { items: { label: "x" } }],
    ["no quantifier", { items: {} }],
    ["a list for not", { not: [] }],
    ["17 levels", Array.from({ length: 17 }).reduce((inner) => ({ not: inner }), {})],
    ["a thousand parts", { or: Array.from({ length: 1001 }, () => ({ state: "open" })) }],
    ["100,000 empty parts", { and: Array.from({ length: 100_000 }, () => ({})) }],
    ["10,001 values", { state: { in: Array.from({ length: 10_001 }, () => "open") } }],
    ["501 amounts", { price: { in: Array.from({ length: 501 }, () => "1.00") } }],
    ["an object in a list", { state: { in: [{}] } }],
    ["text for a list", { state: { in: "open" } }],
    ["three ends", { weight: { between: [1, 2, 3] } }],
    ["text for isNull", { weight: { isNull: "yes" } }],
    ["a number to contain", { note: { contains: 5 } }],
    ["a span of no unit", { sentAt: { within: { last: 5 } } }],
    ["a span of centuries", { sentAt: { within: { last: 1e9, unit: "year" } } }],
    ["a span of a number", { sentAt: { within: 30 } }],
    ["a number that JSON makes infinite", { rating: { gt: "1e999" } }],
    ["JSON to compare", { box: { width: 1 } }],
  ])("takes no %s for a filter", async (_, filter) => {
    const { status, body } = await api.call("POST", "/api/parcels/query", { body: { filter } });
    expect([status, ["invalid-body", "invalid-query", "unknown-field"]]).toEqual([
      400,
      expect.arrayContaining([body["code"]]),
    ]);
    const second = await api.call("POST", "/api/parcels/aggregate", {
      body: { where: filter, measures: { n: { count: true } } },
    });
    expect(second.status).toBe(400);
  });

  it.each<[string, unknown]>([
    ["sort", 5],
    ["sort", [5]],
    ["fields", { id: true }],
    ["include", [null]],
    ["limit", "10"],
    ["limit", 1.5],
    ["limit", 0],
    ["after", 5],
    ["search", ["a"]],
    ["count", "true"],
    ["withDeleted", true],
  ])("takes no %s of %j for a query", async (name, value) => {
    await api.fails(400, "invalid-body", "POST", "/api/parcels/query", { body: { [name]: value } });
  });

  it("takes one of filter and where", async () => {
    const body = { filter: { state: "open" }, where: { state: "open" } };
    await api.fails(400, "invalid-body", "POST", "/api/parcels/query", { body });
  });

  describe("URLs", () => {
    it.each([
      ["an id with NUL", "/api/parcels/%00", 400],
      ["an id with NUL behind", "/api/parcels/{id}%00", 400],
      ["NUL in a parameter", "/api/parcels?search=%00", 400],
      ["NUL in a filter", "/api/parcels?filter[code]=A%001", 400],
      ["NUL in a public path", "/public/track/%00", 400],
      ["a slash in an id", "/api/parcels/..%2f..%2fadmin", 404],
      ["a backslash in an id", "/api/parcels/..%5c..%5cadmin", 404],
      ["a slash in a public path", "/public/track/a%2Fb", 404],
      ["a slash encoded twice", "/api/parcels/..%252f..%252fadmin", 404],
      ["dots", "/api/parcels/%2e%2e/%2e%2e/admin", 404],
      ["bytes that are no text", "/api/parcels/%ff%fe", 400],
      ["bytes that are no text in a public path", "/public/track/%ff", 400],
      ["a percent sign alone", "/api/parcels/%", 400],
      ["a percent sign alone in a public path", "/public/track/%zz", 400],
      ["an id that is none", "/api/parcels/1", 404],
      ["an id with SQL", "/api/parcels/'%20or%201=1--", 404],
      ["a very long id", `/api/parcels/${"a".repeat(10_000)}`, 404],
      ["a slash too many", "/api/parcels/", 404],
      ["two slashes", "/api//parcels", 404],
      ["another case", "/API/parcels", 404],
      ["a prototype", "/api/__proto__", 404],
      ["a parameter that no route takes", "/api/parcels/{id}?expand=all", 400],
      ["a parameter twice", "/api/parcels/{id}?include=items&include=items", 400],
    ])("with %s are refused: %s", async (_, path, status) => {
      const answer = await api.call("GET", path.replace("{id}", id));
      expect(answer.status, answer.text).toBe(status);
    });

    it("keep their secrets out of answers to half of a pair in a parameter", async () => {
      // A URL cannot hold half of a surrogate pair: it arrives as a replacement character, which is text.
      expect((await api.call("GET", "/api/parcels?filter[code]=%EF%BF%BD")).status).toBe(200);
      expect((await api.call("GET", "/api/parcels?filter[code]=%ED%A0%80")).status).toBe(200);
    });
  });

  it.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"])(
    "%s is not for every route",
    async (method) => {
      const paths: Record<string, string> = { "/api/parcels/mine": "GET, HEAD", "/healthz": "GET, HEAD" };
      for (const [path, allow] of Object.entries(paths)) {
        const { headers } = await api.fails(405, "method-not-allowed", method, path);
        expect(headers.get("allow")).toBe(allow);
      }
    },
  );

  it("lists the methods of a path that several routes share", async () => {
    const { headers } = await api.fails(405, "method-not-allowed", "PUT", `/api/parcels/${id}`);
    expect(headers.get("allow")).toBe("GET, HEAD, PATCH, DELETE");
  });
});
