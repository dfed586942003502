import { account } from "@corm/core";
import { beforeAll, describe, expect, it } from "vitest";
import { onEngines } from "./support/on-engines.js";
import { parcel, parcelItem } from "./support/parcels.js";
import type { Json, TestApi } from "./support/start.js";

onEngines((started) => {
  let api: TestApi;
  beforeAll(async () => {
    api = started();
    const { me } = api;
    const [yard, mill] = await me.repo(account).createMany([
      { name: "Turin Yard", industry: "transport", employees: 30 },
      { name: "Łódź Mill", industry: "textiles" },
    ]);
    const euros = (amount: string) => ({ amount, currency: "EUR" });
    const rows = await me.repo(parcel).createMany([
      {
        code: "A1",
        weight: 5,
        rating: 1.5,
        fragile: true,
        dueOn: "2026-01-10",
        price: euros("10.00"),
        accountId: yard?.id,
      },
      {
        code: "B2",
        weight: 15,
        state: "sent",
        sentAt: "2026-01-04T12:00:00Z",
        price: euros("99.50"),
        accountId: yard?.id,
      },
      {
        code: "C3",
        weight: 25,
        state: "lost",
        note: "100% wool, a_b",
        price: { amount: "10.00", currency: "USD" },
        accountId: mill?.id,
      },
      { code: "D4", note: 'Älter, "quoted"', dueOn: "2026-02-10" },
    ]);
    await me.repo(parcelItem).create({ parcelId: rows[1]?.id as string, label: "Book" });
    await api.inTenant("other").repo(parcel).create({ code: "FOREIGN", weight: 5 });
  });

  const dataOf = (body: Json) => body["data"] as Json[];
  const codesOf = (body: Json) => dataOf(body).map((row) => row["code"]);
  const list = async (query: string) => {
    const { status, body, text } = await api.call("GET", `/api/parcels?${query}`);
    expect(status, text).toBe(200);
    return body;
  };
  const post = async (body: Json) => {
    const answer = await api.call("POST", "/api/parcels/query", { body });
    expect(answer.status, answer.text).toBe(200);
    return answer.body;
  };

  describe("filters in the URL", () => {
    it.each([
      ["filter[state]=open", "A1,D4"],
      ["filter[state][ne]=open", "B2,C3"],
      ["filter[state][in]=sent,lost", "B2,C3"],
      ["filter[state][nin]=sent,lost", "A1,D4"],
      ["filter[weight]=15", "B2"],
      ["filter[weight][gt]=5", "B2,C3"],
      ["filter[weight][gte]=5&filter[weight][lt]=25", "A1,B2"],
      ["filter[weight][between]=5,15", "A1,B2"],
      ["filter[weight][isNull]=true", "D4"],
      ["filter[weight][isNull]=false", "A1,B2,C3"],
      ["filter[rating]=1.5", "A1"],
      ["filter[rating][lte]=1.5e0", "A1"],
      ["filter[fragile]=true", "A1"],
      ["filter[dueOn]=2026-01-10", "A1"],
      ["filter[dueOn][gt]=2026-01-10", "D4"],
      ["filter[sentAt][gte]=2026-01-04T13:00:00%2B01:00", "B2"],
      ["filter[price][gte]=10", "C3"],
      ["filter[price]=10.00 EUR", "A1"],
      ["filter[price][gt]=10+EUR", "B2"],
      ["filter[price.currency]=EUR", "A1,B2"],
      ["filter[note][contains]=0%25 W", "C3"],
      ["filter[note][contains]=a_b", "C3"],
      ["filter[note][contains]=aXb", ""],
      ["filter[note][startsWith]=%C3%84", "D4"],
      ["filter[note][endsWith]=A_B", "C3"],
      ["filter[account.industry]=transport", "A1,B2"],
      ["filter[account.employees][gt]=10&filter[weight][gt]=5", "B2"],
      ["filter[items.label]=Book", "B2"],
      ["filter[account.name][contains]=mill", "C3"],
      ["search=wool c3", "C3"],
      ["search=alter", "D4"],
      ["search=nothing", ""],
    ])("%s", async (query, codes) => {
      expect(codesOf(await list(`sort=code&${query}`)).join()).toBe(codes);
    });

    it("never show what another tenant has", async () => {
      expect(codesOf(await list("filter[code]=FOREIGN"))).toEqual([]);
      expect((await list("count=true"))["page"]).toMatchObject({ total: 4 });
    });
  });

  describe("filters in a body", () => {
    it.each<[string, Json, string]>([
      ["a value", { state: "open" }, "A1,D4"],
      ["or", { or: [{ weight: { gt: 20 } }, { fragile: true }] }, "A1,C3"],
      ["not", { not: { state: "open" } }, "B2,C3"],
      ["null", { accountId: null }, "D4"],
      ["some", { items: { some: { label: "Book" } } }, "B2"],
      ["none", { items: { none: {} } }, "A1,C3,D4"],
      ["every", { items: { every: { label: "Book" } } }, "A1,B2,C3,D4"],
      ["money", { price: { amount: "10.00", currency: "EUR" } }, "A1"],
      ["money in a list", { price: { in: [{ amount: "10", currency: "USD" }] } }, "C3"],
      ["within", { sentAt: { within: { last: 2, unit: "day" } } }, "B2"],
      ["a list with commas", { note: { in: ["100% wool, a_b"] } }, "C3"],
    ])("%s", async (_, filter, codes) => {
      expect(codesOf(await post({ filter, sort: ["code"] })).join()).toBe(codes);
      expect(codesOf(await post({ where: filter, sort: "code" })).join()).toBe(codes);
    });

    it("takes the parts of a query as JSON", async () => {
      const body = await post({
        filter: { weight: { gt: 1 } },
        search: "b2",
        sort: ["-weight"],
        include: ["account"],
        fields: ["id", "code"],
        limit: 2,
        after: null,
        count: true,
      });
      expect(body).toMatchObject({ page: { next: null, limit: 2, total: 1 } });
      expect(dataOf(body)).toEqual([
        { id: expect.any(String), code: "B2", account: expect.objectContaining({ name: "Turin Yard" }) },
      ]);
    });
  });

  describe("pages", () => {
    it("follow one another to the end", async () => {
      const first = await list("sort=-weight,code&limit=3&count=true");
      expect(codesOf(first)).toEqual(["C3", "B2", "A1"]);
      expect(first["page"]).toEqual({ next: expect.any(String), limit: 3, total: 4 });
      const next = encodeURIComponent((first["page"] as Json)["next"] as string);
      const second = await list(`sort=-weight,code&limit=3&after=${next}`);
      expect(codesOf(second)).toEqual(["D4"]);
      expect(second["page"]).toEqual({ next: null, limit: 3 });
    });

    it("hold 50 records unless told otherwise", async () => {
      expect((await list(""))["page"]).toEqual({ next: null, limit: 50 });
    });

    it("refuse a cursor that is forged, cut, or of another sort or entity", async () => {
      const cursorOf = async (path: string) =>
        ((await api.call("GET", path)).body["page"] as Json)["next"] as string;
      const cursor = await cursorOf("/api/parcels?sort=code&limit=1");
      const foreign = await cursorOf("/api/accounts?limit=1");
      const bytes = Buffer.from(cursor, "base64url");
      const flipped = [0, 11, 12, bytes.length - 17, bytes.length - 16, bytes.length - 1].map((at) => {
        const copy = Buffer.from(bytes);
        copy[at] = (copy[at] as number) ^ 1;
        return copy.toString("base64url");
      });
      for (const after of [
        ...flipped,
        cursor.slice(0, -1),
        `${cursor}A`,
        `${cursor}=`,
        "nonsense",
        "",
        foreign,
        "a".repeat(5000),
        Buffer.from('{"d":["parcel code asc,id asc",["A","B"]]}').toString("base64url"),
      ])
        await api.fails(
          400,
          "invalid-cursor",
          "GET",
          `/api/parcels?sort=code&after=${encodeURIComponent(after)}`,
        );
      await api.fails(400, "invalid-cursor", "GET", `/api/parcels?sort=-code&after=${cursor}`);
      await api.fails(400, "invalid-cursor", "POST", "/api/parcels/query", { body: { after: cursor } });
    });

    it("have cursors that show no value, and hold for one caller and one set of conditions", async () => {
      const cursorOf = async (path: string) =>
        ((await api.call("GET", path)).body["page"] as Json)["next"] as string;
      const sorted = "/api/parcels?sort=code&filter[code][gte]=A&filter[code][lte]=Z";
      const cursor = await cursorOf(`${sorted}&limit=1`);
      const read = Buffer.from(cursor, "base64url").toString("latin1");
      for (const word of ["A1", "B2", "code", "parcel"]) expect(read).not.toContain(word);
      expect(await cursorOf(`${sorted}&limit=1`)).not.toBe(cursor);

      const next = (path: string) => `${path}&after=${cursor}`;
      expect((await api.call("GET", next(`${sorted}&limit=2&fields=code`))).status).toBe(200);
      // The same conditions in another order.
      const turned = "/api/parcels?filter[code][lte]=Z&sort=code&filter[code][gte]=A";
      expect((await api.call("GET", next(turned))).status).toBe(200);
      for (const other of [
        "/api/parcels?sort=code",
        "/api/parcels?sort=code&filter[code][gte]=B&filter[code][lte]=Z",
        `${sorted}&search=a`,
      ])
        await api.fails(400, "invalid-cursor", "GET", next(other));
      const { key } = await api.newKey("somebody else");
      await api.fails(400, "invalid-cursor", "GET", next(sorted), { key });
      await api.fails(400, "invalid-cursor", "GET", next(sorted), { key: api.foreignKey });
    });
  });

  it("answers each field once, however often it was asked for, and none where none was", async () => {
    const { text } = await api.call("GET", "/api/parcels?fields=code,code&sort=code&limit=1");
    expect(text.match(/"code"/g)).toHaveLength(1);
    const { body } = await api.call("POST", "/api/parcels/query", { body: { fields: [], limit: 2 } });
    expect(body["data"]).toEqual([{}, {}]);
  });

  it("answers the fields and relations that were asked for", async () => {
    const body = await list("fields=code,price&include=account,items&sort=code");
    expect(dataOf(body)[0]).toEqual({
      code: "A1",
      price: { amount: "10.00", currency: "EUR" },
      account: expect.objectContaining({ name: "Turin Yard" }),
      items: [],
    });
  });

  describe("what a list does not know", () => {
    it.each([
      ["filter[wieght]=5", "wieght"],
      ["filter[account.industri]=x", "industri"],
      ["filter[acount.industry]=x", "acount"],
      ["filter[weight.x]=5", "weight.x"],
      ["filter[weight][above]=5", "above"],
      ["filter[weight][constructor]=5", "constructor"],
      ["filter[logs.line]=x", "logs"],
      ["filter[__proto__]=x", "__proto__"],
      ["sort=wieght", "wieght"],
      ["sort=-account.name", "account.name"],
      ["sort=", ""],
      ["include=acount", "acount"],
      ["include=logs", "logs"],
      ["include=weight", "weight"],
      ["fields=id,wieght", "wieght"],
      ["fields=account", "account"],
    ])("is an unknown field: %s", async (query, name) => {
      const { body } = await api.fails(400, "unknown-field", "GET", `/api/parcels?${query}`);
      expect(body["detail"]).toContain(`"${name}"`);
    });

    it.each<[string, Json]>([
      ["a field", { filter: { wieght: 5 } }],
      ["a field below or", { filter: { or: [{ weight: 1 }, { not: { wieght: 5 } }] } }],
      ["an operator", { filter: { weight: { above: 5 } } }],
      ["an operator on an unknown field", { filter: { wieght: { above: 5 } } }],
      ["an operator across a relation", { filter: { account: { name: { like: "x" } } } }],
      ["a hidden relation", { filter: { logs: { some: { line: "x" } } } }],
      ["a hidden relation to include", { include: ["logs"] }],
      ["a sort", { sort: ["-wieght"] }],
    ])("is an unknown field in a body: %s", async (_, body) => {
      await api.fails(400, "unknown-field", "POST", "/api/parcels/query", { body });
    });

    it.each([
      ["unknown-parameter", "filter=x"],
      ["unknown-parameter", "filter[a][b][c]=x"],
      ["unknown-parameter", "filter[]=x"],
      ["unknown-parameter", "page=2"],
      ["unknown-parameter", "withDeleted=true"],
      ["not-temporal", "asOf=2026-01-01T00:00:00Z"],
      ["duplicate-parameter", "sort=code&sort=weight"],
      ["duplicate-parameter", "filter[weight]=1&filter[weight]=2"],
      ["invalid-parameter", "limit=many"],
      ["invalid-parameter", "limit=1e2"],
      ["invalid-parameter", "limit="],
      ["invalid-parameter", "limit=-1"],
      ["invalid-parameter", "count=1"],
      ["invalid-query", "limit=0"],
      ["invalid-query", "limit=501"],
      ["invalid-query", "filter[weight]=heavy"],
      ["invalid-query", "filter[weight]=1.5"],
      ["invalid-query", "filter[weight]="],
      ["invalid-query", "filter[weight]=0x10"],
      ["invalid-query", "filter[weight]=1 or 1=1"],
      ["invalid-query", "filter[weight][in]=1,,2"],
      ["invalid-query", "filter[weight][between]=1"],
      ["invalid-query", "filter[weight][contains]=1"],
      ["invalid-query", "filter[rating]=NaN"],
      ["invalid-query", "filter[rating]=1e999"],
      ["invalid-query", "filter[fragile]=1"],
      ["invalid-query", "filter[fragile][gt]=true"],
      ["invalid-query", "filter[dueOn]=2026-02-30"],
      ["invalid-query", "filter[dueOn]=tomorrow"],
      ["invalid-query", "filter[sentAt]=2026-01-01"],
      ["invalid-query", "filter[sentAt][within]=30"],
      ["invalid-query", "filter[price]=ten"],
      ["invalid-query", "filter[price]=10 XXY"],
      ["invalid-query", "filter[accountId]=abc"],
      ["invalid-query", "filter[id]=1"],
      ["invalid-query", "filter[box]=1"],
      ["invalid-query", "filter[weight][isNull]=maybe"],
      ["invalid-query", "sort=box"],
      ["invalid-query", "sort=code,code"],
      [`invalid-query`, `search=${"a ".repeat(21)}`],
    ])("is refused as %s: %s", async (code, query) => {
      await api.fails(400, code, "GET", `/api/parcels?${query}`);
    });

    it("includes a search where nothing can be searched", async () => {
      await api.fails(400, "invalid-query", "GET", "/api/parcel-items?search=x");
    });
  });
});
