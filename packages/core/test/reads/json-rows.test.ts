import { crmCore, defineRole, grant } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parcel, parcels } from "../http/support/parcels.js";
import { databases, storageAt, suiteName } from "../support/databases.js";

/** All fields but the float, which every engine writes in its own way. */
const SELECT = [
  "id",
  "createdAt",
  "version",
  "deletedAt",
  "code",
  "state",
  "note",
  "weight",
  "fragile",
  "dueOn",
  "sentAt",
  "price",
  "accountId",
  "box",
];

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 20 }).filter((value) => !value.includes("\0")),
  fc.constantFrom(
    '"',
    "\\",
    "\b\f\n\r\t",
    "\u0001\u001f\u007f\u0080\u2028\u2029",
    "</script>",
    "1",
    "null",
    "{}",
    "'",
  ),
);
const amounts = fc.oneof(
  fc.record({
    currency: fc.constant("EUR"),
    minor: fc.integer({ min: -1e9, max: 1e9 }),
    decimals: fc.constant(2),
  }),
  fc.record({
    currency: fc.constant("JPY"),
    minor: fc.integer({ min: -1e9, max: 1e9 }),
    decimals: fc.constant(0),
  }),
  fc.record({
    currency: fc.constant("KWD"),
    minor: fc.integer({ min: -2000, max: 2000 }),
    decimals: fc.constant(3),
  }),
  fc.record({
    currency: fc.constant("CLF"),
    minor: fc.integer({ min: -20000, max: 20000 }),
    decimals: fc.constant(4),
  }),
);
const price = amounts.map(({ currency, minor, decimals }) => {
  const digits = String(Math.abs(minor)).padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const sign = minor < 0 ? "-" : "";
  return { amount: decimals === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-decimals)}`, currency };
});
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const record = fc.record({
  note: optional(text),
  state: fc.constantFrom("open", "sent", "lost"),
  weight: optional(fc.nat(Number.MAX_SAFE_INTEGER)),
  fragile: fc.boolean(),
  dueOn: optional(
    fc
      .date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true })
      .map((d) => d.toISOString().slice(0, 10)),
  ),
  sentAt: optional(
    fc
      .date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true })
      .map((d) => d.toISOString()),
  ),
  price: optional(price),
  box: optional(fc.record({ width: fc.double({ noNaN: true, noDefaultInfinity: true }), lid: text })),
});

interface Texts {
  findTexts(query: object): Promise<{ texts: string[]; next: string | null }>;
}

for (const database of databases) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    let app: Awaited<ReturnType<typeof open>>;
    const masked = defineRole({
      name: "masked",
      entities: grant(parcel, { read: "all", fields: { note: "masked" } }),
    });

    async function open() {
      const { url, drop } = await database.create();
      const crm = await createTestCrm({
        plugins: [crmCore(), parcels()],
        storage: storageAt(url),
        roles: [masked],
      });
      return { ...crm, drop };
    }
    beforeAll(async () => {
      app = await open();
    });
    afterAll(async () => {
      await app.crm.stop();
      await app.drop();
    });
    const textsOf = (session: typeof app.me, query: object) =>
      (session.repo(parcel) as unknown as Texts).findTexts(query);

    it("makes the same text of a record as JSON.stringify, to the byte", async () => {
      let n = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 8 }), async (records) => {
          n += 1;
          const batch = `b${n}x`;
          await app.me
            .repo(parcel)
            .createMany(records.map((values, i) => ({ ...values, code: `${batch}${i}` })) as never);
          for (const select of [SELECT, undefined]) {
            const query = { where: { code: { startsWith: batch } }, orderBy: ["-code"], select };
            const { items } = await app.me.repo(parcel).find(query as never);
            const { texts } = await textsOf(app.me, query);
            expect(texts).toEqual(items.map((item) => JSON.stringify(item)));
          }
        }),
        { numRuns: Number(process.env["CORM_JSON_RUNS"] ?? 60), seed: 11 },
      );
    });

    it("pages as find does, by the same cursors, also among empty values", async () => {
      const query = { orderBy: ["dueOn", "-price"].slice(0, 1), select: SELECT, limit: 7 };
      let [a, b]: (string | null)[] = [null, null];
      let pages = 0;
      do {
        const page: { items: object[]; next: string | null } = await app.me
          .repo(parcel)
          .find({ ...query, after: a } as never);
        const texts = await textsOf(app.me, { ...query, after: b });
        expect(texts.texts).toEqual(page.items.map((item) => JSON.stringify(item)));
        [a, b] = [page.next, texts.next];
        expect(b === null).toBe(a === null);
        pages += 1;
      } while (a !== null && pages < 12);
      expect(pages).toBeGreaterThan(3);
    });

    it("is asked of the database where it can, and not for values that are masked here", async () => {
      const me = app.crm.as({ actor: { kind: "user", id: "x" }, tenant: "test", roles: ["masked"] });
      const query = { select: ["code", "note"], limit: 20 };
      const { items } = await me.repo(parcel).find(query as never);
      const { texts } = await textsOf(me as never, query);
      expect(texts).toEqual(items.map((item) => JSON.stringify(item)));
      expect(app.crm.runtime.storage.capabilities.jsonRows === true).toBe(database.name.startsWith("SQLite"));
    });
  });
}
