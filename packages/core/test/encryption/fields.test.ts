import { DecryptionFailed, InvalidQuery, isCormError, UniqueViolation } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { dumpEverything } from "../support/dump.js";
import { canaries, practice, secrets } from "./patients.js";

const on = ["SQLite in a file", "PostgreSQL", "MariaDB"] as const;

onDatabases({ plugins: [practice()], on }, (app) => {
  it("reads back what was written, of every kind, by every way of reading", async () => {
    const { patient, visit } = app().fresh().entities;
    const made = await patient.create({ name: "Ada", ...secrets });
    expect(made).toMatchObject(secrets);
    expect(await patient.get(made.id)).toMatchObject(secrets);
    const page = await patient.find({ select: ["ssn", "extra"] });
    expect(page.items).toEqual([{ ssn: secrets.ssn, extra: secrets.extra }]);
    await visit.create({ place: "Bonn", patientId: made.id });
    const [{ patient: included } = { patient: null }] = (await visit.find({ include: ["patient"] }))
      .items as {
      patient: unknown;
    }[];
    expect(included).toMatchObject(secrets);
    const changed = await patient.update(made.id, { ssn: "other", weight: null });
    expect(changed).toMatchObject({ ...secrets, ssn: "other", weight: null });
    expect(await patient.get(made.id)).toMatchObject({ ...secrets, ssn: "other", weight: null });
    await patient.delete(made.id);
    expect(await patient.restore(made.id)).toMatchObject({ ssn: "other" });
  });

  it("stores none of it in plain form", async () => {
    const me = app().fresh();
    const made = await me.entities.patient.create({ name: "Ada", ...secrets });
    await me.entities.patient.update(made.id, { name: "visible-name-777" });
    const everything = await dumpEverything(app().url);
    expect(everything).toContain("visible-name-777");
    for (const canary of canaries) expect(everything).not.toContain(canary);
  });

  it("finds equal values by the blind index, and tells nothing else", async () => {
    const { patient, visit } = app().fresh().entities;
    const ada = await patient.create({ name: "Ada", ...secrets });
    const bob = await patient.create({ name: "Bob", ssn: "s2", email: "bob@x.org", weight: 83.125 });
    await visit.create({ place: "Bonn", patientId: ada.id });
    const ids = async (where: object) => (await patient.find({ where })).items.map((row) => row.id).sort();
    expect(await ids({ ssn: secrets.ssn })).toEqual([ada.id]);
    expect(await ids({ ssn: "CANARY-SSN-881" })).toEqual([]);
    expect(await ids({ email: " canary-mail-882@EXAMPLE.org" })).toEqual([ada.id]);
    expect(await ids({ ssn: { in: ["s2", "nobody"] } })).toEqual([bob.id]);
    expect(await ids({ ssn: { ne: "s2" } })).toEqual([ada.id]);
    expect(await ids({ weight: 83.125 })).toEqual([ada.id, bob.id].sort());
    expect(await ids({ born: "1971-03-09" })).toEqual([ada.id]);
    expect(await ids({ born: null })).toEqual([bob.id]);
    expect(await ids({ diagnosis: { isNull: true } })).toEqual([bob.id]);
    expect(await patient.count({ ssn: "s2" })).toBe(1);
    expect(await visit.count({ patient: { ssn: secrets.ssn } })).toBe(1);

    const refused = [
      { ssn: { contains: "881" } },
      { ssn: { startsWith: "c" } },
      { ssn: { gt: "a" } },
      { ssn: { between: ["a", "b"] } },
      { born: { within: { last: 3, unit: "year" } } },
      { diagnosis: "x" },
      { debt: { amount: "918.27", currency: "EUR" } },
      { "debt.currency": "EUR" },
      { smoker: true },
      { extra: { eq: 1 } },
      { ssn: {} },
    ];
    for (const where of refused) {
      const error = await patient.find({ where } as object).catch((e) => e);
      expect(isCormError(error) && error.status, JSON.stringify(where)).toBe(400);
    }
    const shown = await patient.find({ where: { weight: "canary-in-error" } } as object).catch((e) => e);
    expect(InvalidQuery.is(shown)).toBe(true);
    expect(String(shown)).not.toContain("canary-in-error");
    for (const query of [{ orderBy: ["ssn"] }, { orderBy: ["-born"] }])
      expect(InvalidQuery.is(await patient.find(query as object).catch((e) => e))).toBe(true);
    for (const query of [
      { groupBy: ["ssn"], measures: { n: { count: true } } },
      { groupBy: ["debt.currency"], measures: { n: { count: true } } },
      { measures: { n: { countDistinct: "ssn" } } },
      { measures: { n: { max: "weight" } } },
      { measures: { n: { sum: "debt" } } },
    ])
      expect((await patient.aggregate(query as never).catch((e) => e)).status).toBe(400);
    expect((await patient.find({ search: "canary-ssn-881" })).items).toEqual([]);
  });

  it("keeps unique values unique, and upserts by them, without naming the value", async () => {
    const me = app().fresh();
    const { patient } = me.entities;
    const ada = await patient.create({ name: "Ada", ssn: "canary-unique-1" });
    const error = await patient.create({ name: "Eve", ssn: "canary-unique-1" }).catch((e) => e);
    expect(UniqueViolation.is(error)).toBe(true);
    expect(`${error} ${JSON.stringify(error)}`).not.toContain("canary-unique-1");
    const [again] = await patient.upsertMany([{ name: "Ada L.", ssn: "canary-unique-1" }], ["ssn"]);
    expect(again).toMatchObject({ id: ada.id, name: "Ada L.", version: 2 });
    const [fresh] = await patient.upsertMany([{ name: "Bob", ssn: "canary-unique-2" }], ["ssn"]);
    expect(fresh?.id).not.toBe(ada.id);
    // Equal values of two tenants have nothing in common that could be seen.
    const other = app().fresh();
    await other.entities.patient.create({ name: "Ada", ssn: "canary-unique-1" });
    const rows = await knexRows(app().url, ["ssn_bidx", "ssn_enc"], ada.id);
    expect(rows.mine["ssn_bidx"]).toHaveLength(43);
    expect(rows.all.filter((row) => row["ssn_bidx"] === rows.mine["ssn_bidx"])).toHaveLength(1);
  });

  it("refuses a value that was moved to another record or field, or changed", async () => {
    const { patient } = app().fresh().entities;
    const ada = await patient.create({ name: "Ada", ssn: "a", diagnosis: "flu" });
    const eve = await patient.create({ name: "Eve", ssn: "e" });
    const { mine } = await knexRows(app().url, ["ssn_enc", "diagnosis_enc"], ada.id);
    const spoil = async (id: string, patch: Record<string, unknown>) => {
      await withStorage(app().url, async (storage) =>
        storage.acrossTenants("test").updateWhere("patient", { op: "eq", column: "id", value: id }, patch),
      );
      const error = await patient.get(id).catch((e) => e);
      expect(DecryptionFailed.is(error)).toBe(true);
      expect(error.message).toContain(`of ${id}`);
    };
    await spoil(eve.id, { ssn_enc: mine["ssn_enc"] });
    await spoil(ada.id, { ssn_enc: mine["diagnosis_enc"] });
    const sealed = mine["ssn_enc"] as string;
    const flipped = sealed.replace(
      /\.(.)([^.]*)$/,
      (_, first, rest) => `.${first === "A" ? "B" : "A"}${rest}`,
    );
    await spoil(ada.id, { ssn_enc: flipped });
    await spoil(ada.id, { ssn_enc: "plain" });
  });

  it("gives many writers of a new tenant one pair of keys", async () => {
    const me = app().fresh();
    await Promise.all(
      Array.from({ length: 12 }, (_, n) => me.entities.patient.create({ name: `p${n}`, ssn: `many-${n}` })),
    );
    const keys = await withStorage(app().url, async (storage) =>
      storage.acrossTenants("test").findMany({
        table: "corm_data_key",
        columns: ["id", "purpose"],
        where: { op: "eq", column: "tenant_id", value: me.tenant },
        orderBy: [{ column: "purpose", direction: "asc" }],
        limit: 10,
      }),
    );
    expect(keys.map((key) => key["purpose"])).toEqual(["data", "index"]);
    expect(await me.entities.patient.count({ ssn: { in: ["many-3", "many-7"] } })).toBe(2);
  });

  it("keeps the keys of a transaction that fails", async () => {
    const me = app().fresh();
    await me
      .transaction(async (tx) => {
        await tx.entities.patient.create({ name: "Ada", ssn: "a" });
        throw new Error("stop");
      })
      .catch(() => {});
    const made = await me.entities.patient.create({ name: "Ada", ssn: "a" });
    expect((await me.entities.patient.get(made.id)).ssn).toBe("a");
  });
});

async function withStorage<T>(
  url: string,
  work: (storage: ReturnType<typeof knexStorage>) => Promise<T>,
): Promise<T> {
  const storage = knexStorage({ url });
  await storage.open(await storage.schema.inspect().catch(() => ({ tables: [] })));
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
}

async function knexRows(url: string, columns: string[], id: string) {
  const all = await withStorage(url, async (storage) =>
    storage.acrossTenants("test").findMany({
      table: "patient",
      columns: ["id", ...columns],
      where: { op: "const", value: true },
      orderBy: [],
      limit: 1000,
    }),
  );
  return { all, mine: all.find((row) => row["id"] === id) as Record<string, unknown> };
}
