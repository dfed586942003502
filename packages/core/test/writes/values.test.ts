import { describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { type ThingInput, toys } from "../support/toys.js";

const EUR = "EUR";
const cyclic: Record<string, unknown> = {};
cyclic["a"] = cyclic["b"] = [cyclic, cyclic];
const deep = JSON.parse(`${"[".repeat(10_000)}${"]".repeat(10_000)}`) as unknown;

/** What each field refuses, with the place and code of the finding. */
const refused: readonly [string, Record<string, unknown>, string, string][] = [
  ["a missing required field", { title: undefined }, "/title", "required"],
  ["null for a required field", { title: null }, "/title", "type"],
  ["an empty text", { title: "" }, "/title", "min-length"],
  ["a text that is too long", { title: "x".repeat(101) }, "/title", "max-length"],
  ["a number for a text", { title: 7 }, "/title", "type"],
  ["an object for a text", { title: { id: 1 } }, "/title", "type"],
  ["a list for a text", { title: ["a"] }, "/title", "type"],
  ["a text with NUL", { title: "a\0b" }, "/title", "invalid-text"],
  ["half a surrogate pair", { title: "a\ud800b" }, "/title", "invalid-text"],
  ["a long text with NUL", { note: "a\0" }, "/note", "invalid-text"],
  ["a word that is none of the list", { stage: "odd" }, "/stage", "enum"],
  ["null for a field with a default", { stage: null }, "/stage", "type"],
  ["text for a whole number", { count: "7" }, "/count", "type"],
  ["a fraction for a whole number", { count: 1.5 }, "/count", "type"],
  ["2^53 for a whole number", { count: 2 ** 53 }, "/count", "out-of-range"],
  ["a bigint", { count: 7n }, "/count", "type"],
  ["NaN", { ratio: Number.NaN }, "/ratio", "type"],
  ["Infinity", { ratio: Number.POSITIVE_INFINITY }, "/ratio", "type"],
  ["a number above the maximum", { ratio: 1e6 + 1 }, "/ratio", "maximum"],
  ["text for a boolean", { done: "true" }, "/done", "type"],
  ["0 for a boolean", { done: 0 }, "/done", "type"],
  ["a date that does not exist", { dueOn: "2026-02-29" }, "/dueOn", "invalid-date"],
  ["a date of another form", { dueOn: "29.02.2024" }, "/dueOn", "invalid-date"],
  ["an instant for a date", { dueOn: "2026-03-01T00:00:00Z" }, "/dueOn", "invalid-date"],
  ["a Date object", { dueOn: new Date(0) }, "/dueOn", "type"],
  ["hour 24", { seenAt: "2026-03-01T24:00:00Z" }, "/seenAt", "invalid-instant"],
  ["an instant without a zone", { seenAt: "2026-03-01T10:00:00" }, "/seenAt", "invalid-instant"],
  ["30 February", { seenAt: "2026-02-30T10:00:00Z" }, "/seenAt", "invalid-instant"],
  ["epoch milliseconds", { seenAt: 0 }, "/seenAt", "type"],
  ["money without currency", { price: { amount: "1.00" } }, "/price", "invalid-money"],
  ["a bare amount", { price: "1.00" }, "/price", "type"],
  ["an unknown currency", { price: { amount: "1.00", currency: "XXY" } }, "/price", "invalid-money"],
  ["too many decimals", { price: { amount: "1.005", currency: EUR } }, "/price", "invalid-money"],
  [
    "decimals of a currency without",
    { price: { amount: "1.5", currency: "JPY" } },
    "/price",
    "invalid-money",
  ],
  [
    "an amount beyond 2^53 cents",
    { price: { amount: "90071992547409.92", currency: EUR } },
    "/price",
    "invalid-money",
  ],
  ["an exponent", { price: { amount: "1e3", currency: EUR } }, "/price", "invalid-money"],
  [
    "something beside amount and currency",
    { price: { amount: "1.00", currency: EUR, tax: "0.19" } },
    "/price",
    "invalid-money",
  ],
  ["an id that is none", { boxId: "box-1" }, "/boxId", "format"],
  ["a number for an id", { boxId: 1 }, "/boxId", "type"],
  ["an id of nothing", { boxId: "00000000-0000-7000-8000-00000000dead" }, "/boxId", "reference-not-found"],
  ["JSON that is deeper than 32", { extra: deep }, "/extra", "too-deep"],
  ["JSON that goes round in a circle", { extra: cyclic }, "/extra", "too-deep"],
  ["JSON with NUL", { extra: { a: ["x\0"] } }, "/extra", "invalid-text"],
  ["JSON with NUL in a name", { extra: { "a\0": 1 } }, "/extra", "invalid-text"],
  ["JSON with half a surrogate pair", { extra: "\udc00" }, "/extra", "invalid-text"],
  ["a bigint in JSON", { extra: { a: 1n } }, "/extra", "invalid-json"],
  ["a function for JSON", { extra: () => {} }, "/extra", "invalid-json"],
];

/** What is stored as given, or in the form that is shown. */
const accepted: readonly [string, Partial<ThingInput>, Record<string, unknown>?][] = [
  ["text of every kind", { title: `'"\`;--\\%_\u2028\u202e😀 Łódź\t\n`, note: "x".repeat(100_000) }],
  [
    "a text of as many characters as fit, however they are written",
    { title: "👨‍👩‍👧‍👦".repeat(14), code: "é".repeat(40) },
  ],
  ["nothing", {}, { code: null, count: null, price: null, extra: null, stage: "new", done: false }],
  [
    "null for optional fields",
    { code: null, count: null, price: null, extra: null, boxId: null, dueOn: null },
  ],
  ["undefined as if left out", { code: undefined, stage: undefined } as never, { code: null, stage: "new" }],
  ["empty optional text", { code: "", note: "" }],
  ["the largest whole numbers", { count: Number.MAX_SAFE_INTEGER }],
  ["the smallest whole numbers", { count: Number.MIN_SAFE_INTEGER }],
  ["numbers, exactly", { ratio: 0.1 + 0.2 }],
  ["false and true", { done: true }],
  ["leap days", { dueOn: "2024-02-29" }],
  ["the first and the last day", { dueOn: "0001-01-01", seenAt: "9999-12-31T23:59:59.999Z" }],
  [
    "instants of any offset, in UTC",
    { seenAt: "2026-03-29T03:30:00.1239+02:00" },
    { seenAt: "2026-03-29T01:30:00.123Z" },
  ],
  [
    "money, with its decimals",
    { price: { amount: "12.5", currency: EUR } },
    { price: { amount: "12.50", currency: EUR } },
  ],
  ["money without decimals", { price: { amount: "-1250", currency: "JPY" } }],
  ["money of three decimals", { price: { amount: "1.234", currency: "KWD" } }],
  ["the largest amount", { price: { amount: "90071992547409.91", currency: EUR } }],
  ["JSON", { extra: { z: 1, a: [null, "x", { b: false }], "": 1.5 } }],
  [
    "JSON as it is stored",
    { extra: { at: new Date(0), gone: undefined } },
    { extra: { at: "1970-01-01T00:00:00.000Z" } },
  ],
  ["JSON that is a bare value", { extra: "text" }],
  ["JSON false", { extra: false }],
];

onDatabases({ plugins: [toys()] }, (app) => {
  describe("refuses", () => {
    it.each(refused)("%s", async (_, wrong, pointer, code) => {
      const me = app().fresh();
      const input = { title: "A", ...wrong } as ThingInput;
      const create: unknown = await me.entities.thing.create(input).catch((e) => e);
      expect(create).toMatchObject({ code: "validation-failed", status: 422, issues: [{ pointer, code }] });
      expect(await me.entities.thing.count()).toBe(0);
      if (wrong["title"] === undefined && "title" in wrong) return;
      const { id } = await me.entities.thing.create({ title: "A" });
      const update: unknown = await me.entities.thing.update(id, wrong).catch((e) => e);
      expect(update).toMatchObject({ code: "validation-failed", issues: [{ pointer, code }] });
      expect((await me.entities.thing.get(id)).version).toBe(1);
    });

    it("everything that is wrong at once, with the place in the list", async () => {
      const me = app().fresh();
      const wrong = { stage: "odd", dueOn: "2026-02-29", count: 1.5, price: {}, boxId: "x" } as never;
      const error: unknown = await me.entities.thing.create(wrong).catch((e) => e);
      const places = (e: unknown) =>
        (e as { issues: { pointer: string }[] }).issues.map(({ pointer }) => pointer).sort();
      expect(places(error)).toEqual(["/boxId", "/count", "/dueOn", "/price", "/stage", "/title"]);
      const many: unknown = await me.entities.thing
        .createMany([{ title: "fine" }, wrong, { title: "" }])
        .catch((e) => e);
      expect(places(many)).toEqual([...places(error).map((pointer) => `/1${pointer}`), "/2/title"]);
      expect(await me.entities.thing.count()).toBe(0);
    });

    it.each([[null], ["text"], [7], [[]], [undefined], [new Map([["title", "A"]])]])(
      "what is no object: %o",
      async (input) => {
        const me = app().fresh();
        await expect(me.entities.thing.create(input as never)).rejects.toMatchObject({
          code: "validation-failed",
        });
        await expect(me.entities.thing.createMany([input] as never)).rejects.toMatchObject({
          code: "validation-failed",
        });
      },
    );

    it.each([
      ["titel", /Did you mean "title"/],
      ["__proto__", /no field "__proto__"/],
      ["constructor", /no field/],
    ])("the unknown field %s", async (name, message) => {
      const me = app().fresh();
      const input = JSON.parse(`{"title":"A","${name}":{"x":1}}`) as ThingInput;
      await expect(me.entities.thing.create(input)).rejects.toMatchObject({
        code: "unknown-field",
        status: 400,
      });
      await expect(me.entities.thing.create(input)).rejects.toThrowError(message);
    });

    it.each(["id", "tenantId", "createdAt", "updatedAt", "version", "deletedAt"])(
      "core's own field %s",
      async (name) => {
        const me = app().fresh();
        const own = /can be read, but not written/;
        await expect(me.entities.thing.create({ title: "A", [name]: "x" })).rejects.toThrowError(own);
        const { id } = await me.entities.thing.create({ title: "A" });
        await expect(me.entities.thing.update(id, { [name]: "x" })).rejects.toThrowError(own);
        await expect(me.entities.thing.update(id, { [name]: "x" })).rejects.toMatchObject({
          code: "unknown-field",
        });
      },
    );
  });

  describe("keeps", () => {
    it.each(accepted)("%s", async (_, input, stored) => {
      const me = app().fresh();
      const made = await me.entities.thing.create({ title: "A", ...input });
      expect(made).toMatchObject(stored ?? input);
      expect(await me.entities.thing.get(made.id)).toEqual(made);
      const { id } = await me.entities.thing.create({ title: "B" });
      // Codes are unique.
      const { code: _code, ...rest } = input;
      const updated = await me.entities.thing.update(id, rest);
      expect(await me.entities.thing.get(id)).toEqual(updated);
    });

    it("system fields from core", async () => {
      const me = app().fresh();
      const made = await me.entities.thing.create({ title: "A" });
      expect(made).toMatchObject({
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
        tenantId: me.tenant,
        createdAt: "2026-01-05T09:00:00.000Z",
        updatedAt: "2026-01-05T09:00:00.000Z",
        version: 1,
        deletedAt: null,
      });
    });
  });
});
