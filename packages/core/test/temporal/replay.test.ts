import { type AppSession, toInstant } from "@corm/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { type garden, gardenKeepers, garden as gardens } from "./support/garden.js";

/** Random histories per database; more by `CORM_TEMPORAL_RUNS`. */
const RUNS = Number(process.env["CORM_TEMPORAL_RUNS"] ?? 12);
const SEED = Number(process.env["CORM_SEED"] ?? 11);

type Values = Record<string, unknown>;
type Me = AppSession<readonly [ReturnType<typeof garden>, ReturnType<typeof gardenKeepers>]>;

const patch = fc.record(
  {
    name: fc.constantFrom("rose", "fern", "moss"),
    note: fc.constantFrom(null, "by the wall", "Grüße"),
    stage: fc.constantFrom("seed", "leaf", "bloom"),
    height: fc.constantFrom(null, 0.5, 12),
    price: fc.constantFrom(null, { amount: "1.50", currency: "EUR" }, { amount: "3.00", currency: "USD" }),
    sownOn: fc.constantFrom(null, "2026-01-04"),
    extra: fc.constantFrom(null, { b: 1, a: [2] }, []),
    water: fc.constantFrom(null, 3),
    keeper: fc.constantFrom(null, "Ada", "Grace"),
    key: fc.constantFrom(null, "k-1"),
    bed: fc.constantFrom(null, 0, 1),
  },
  { requiredKeys: [] },
);
const which = fc.nat(20);
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant("create" as const), values: patch }) },
  { weight: 6, arbitrary: fc.record({ op: fc.constant("update" as const), at: which, values: patch }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("many" as const), values: patch }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("upsert" as const), code: fc.nat(2), values: patch }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("delete" as const), at: which }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("restore" as const), at: which }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("purge" as const), at: which }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("purge bed" as const), at: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("twice" as const), at: which, values: patch }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("undone" as const), at: which, values: patch }) },
);
/** Milliseconds that pass before each: also none, and also backwards. */
const step = fc.constantFrom(0, 0, 1, 700, 86_400_000, -3_000);
const story = fc.array(fc.tuple(step, operation), { minLength: 6, maxLength: 30 });

onDatabases({ plugins: [gardens(), gardenKeepers()] }, (app) => {
  async function live(me: Me, told: typeof story extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
    const { plant, bed } = me.entities;
    const plants: string[] = [];
    let beds = (await bed.createMany([{ name: "north" }, { name: "south" }])).map((row) => row.id);
    const filled = ({ bed: n, ...rest }: Values) =>
      (n === undefined ? rest : { ...rest, bedId: n === null ? null : (beds[n as number] ?? null) }) as never;
    const nth = (n: number) => plants[n % plants.length] as string;
    for (const [ms, one] of told) {
      app().clock.set(app().clock.now() + ms);
      if (plants.length === 0 && "at" in one) continue;
      // What the bin or a purge forbids is forbidden: it changes nothing.
      const tried = async (work: Promise<unknown>) => void (await work.catch(() => undefined));
      switch (one.op) {
        case "create":
          plants.push((await plant.create({ name: "new", ...(filled(one.values) as object) })).id);
          break;
        case "update":
          await tried(plant.update(nth(one.at), filled(one.values)));
          break;
        case "many":
          await plant.updateWhere({ stage: "seed" }, filled(one.values));
          break;
        case "upsert": {
          const given = { name: "key", code: `c${one.code}`, ...(filled(one.values) as object) };
          const [row] = await plant.upsertMany([given], ["code"]);
          if (row && !plants.includes(row.id)) plants.push(row.id);
          break;
        }
        case "delete":
          await tried(plant.delete(nth(one.at)));
          break;
        case "restore":
          await tried(plant.restore(nth(one.at)));
          break;
        case "purge":
          await tried(plant.purge(nth(one.at)));
          break;
        case "purge bed":
          await tried(bed.purge(beds[one.at] ?? beds[0] ?? ""));
          beds = (await bed.find()).items.map((row) => row.id);
          break;
        case "twice":
          await tried(
            me.transaction(async (tx) => {
              await tx.entities.plant.update(nth(one.at), { name: "between" });
              await tx.entities.plant.update(nth(one.at), filled(one.values));
            }),
          );
          break;
        case "undone":
          await tried(
            me.transaction(async (tx) => {
              await tx.entities.plant.update(nth(one.at), filled(one.values));
              throw new Error("undone");
            }),
          );
      }
    }
  }

  /** Every plant that is left, by its journal up to a moment; also those in the bin. */
  function replayed(entries: readonly Values[], at: string): Map<string, Values> {
    const found = new Map<string, Values>();
    for (const entry of entries) {
      if ((entry["at"] as string) > at) continue;
      const changes = JSON.parse(entry["changes"] as string) as Record<string, [unknown, unknown]>;
      const id = entry["record"] as string;
      const before = found.get(id) ?? {};
      const after = Object.fromEntries(Object.entries(changes).map(([name, [, value]]) => [name, value]));
      found.set(id, { ...before, ...after, version: entry["version"], updatedAt: entry["at"] });
    }
    return found;
  }

  it("answers for any moment what the journal up to it says", { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        // With the rights of the system: it sees that not even secrets are kept.
        const { tenant } = app().fresh();
        const me = app().crm.system({ tenant, reason: "replay" }) as Me;
        await live(me, told);
        app().clock.advance({ days: 1 });
        const purged = new Set<unknown>();
        const entries = (await app().storedJournal(me.tenant))
          .filter((entry) => entry["entity"] === "plant")
          .sort((a, b) => (a["version"] as number) - (b["version"] as number));
        for (const entry of entries) if (entry["operation"] === "purge") purged.add(entry["record"]);
        const kept = entries.filter((entry) => !purged.has(entry["record"]));
        const changed = [...new Set(kept.map((entry) => Date.parse(entry["at"] as string)))];
        const moments = new Set(changed.flatMap((ms) => [ms - 1, ms, ms + 1]));
        for (const ms of moments) {
          const asOf = toInstant(ms);
          const expected = replayed(kept, asOf);
          const all: Values[] = [];
          const walk = me.entities.plant.stream({ asOf, withDeleted: true, limit: 3, orderBy: ["-name"] });
          for await (const row of walk) all.push(row as unknown as Values);
          expect(all.map((row) => row["id"]).sort(), asOf).toEqual([...expected.keys()].sort());
          for (const row of all) {
            const state = expected.get(row["id"] as string) as Values;
            for (const [name, value] of Object.entries(row)) {
              // Sealed, and not kept.
              if (["keeper", "key", "id", "tenantId", "createdAt"].includes(name)) continue;
              expect(value, `${name} at ${asOf}`).toEqual(state[name] ?? null);
            }
            expect(row["key"]).toBeNull();
            expect(row["keeper"] === null, `keeper at ${asOf}`).toBe((state["keeper"] ?? null) === null);
          }
          const living = all.filter((row) => row["deletedAt"] === null);
          expect(await me.entities.plant.count(undefined, { asOf })).toBe(living.length);
          const rows = await me.entities.plant.aggregate({
            asOf,
            groupBy: ["stage"],
            measures: { n: { count: true }, tall: { max: "height" } },
          });
          expect(rows.reduce((sum, row) => sum + row.n, 0)).toBe(living.length);
          const ada = living.filter((row) => row["keeper"] === "Ada").length;
          expect(await me.entities.plant.count({ keeper: "Ada" }, { asOf })).toBe(ada);
        }
        // And now is now.
        const now = (await me.entities.plant.find({ limit: 500 })).items;
        const then = (await me.entities.plant.find({ limit: 500, asOf: me.now() })).items;
        expect(then).toEqual(now.map((row) => ({ ...row, key: null })));
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: false },
    );
  });
});
