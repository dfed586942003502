import { randomBytes } from "node:crypto";
import { EncryptionKeyMissing, rotateKeys } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";
import { onFreshDatabases } from "../migrations/shop.js";
import { dumpEverything } from "../support/dump.js";
import { spawnScript } from "../support/spawn.js";
import { practice, secrets } from "./patients.js";

const key = () => randomBytes(32).toString("base64");
const child = new URL("rotate-child.ts", import.meta.url);

type Keys = Record<string, string>;

async function open(url: string, keys?: Keys) {
  const app = await createTestCrm({
    plugins: [practice()],
    storage: knexStorage({ url, pool: { min: 0, max: 4 } }),
    // Every CRM of a test makes ids of its own.
    seed: randomBytes(4).readUInt32BE(),
    ...(keys ? { encryption: { keys } } : {}),
  });
  const keyIds = async (purpose: string) =>
    (
      await app.crm.runtime.storage.acrossTenants("test").findMany({
        table: "corm_data_key",
        columns: ["id", "purpose", "wrapped_by"],
        where: { op: "eq", column: "purpose", value: purpose },
        orderBy: [{ column: "tenant_id", direction: "asc" }],
        limit: 100,
      })
    ).map((row) => row["id"] as string);
  return { ...app, keyIds };
}

onFreshDatabases(
  (fresh, database) => {
    it("replaces keys under running writers: what an old key opened is gone, and every value is readable", async () => {
      const { url } = fresh();
      const apps = [await open(url), await open(url), await open(url)];
      const [one, two, rotator] = apps as [(typeof apps)[0], (typeof apps)[0], (typeof apps)[0]];
      await one.me.entities.patient.createMany(
        Array.from({ length: 40 }, (_, n) => ({ name: `p${n}`, ...secrets, ssn: `s${n}` })),
      );
      const binned = await one.me.entities.patient.create({ name: "bin", ssn: "binned" });
      await one.me.entities.patient.delete(binned.id);
      const other = one.inTenant("other");
      const theirs = await other.entities.patient.create({ name: "x", ssn: "theirs" });
      const before = await rotator.keyIds("data");

      const written = new Map<string, string>();
      let writing = true;
      const writer = async (app: typeof one, name: string) => {
        for (let n = 0; writing; n++) {
          const { patient } = app.me.entities;
          const made = await patient.create({ name, ssn: `${name}-${n}`, diagnosis: `d${n}` });
          await patient.update(made.id, { ssn: `${name}-${n}-again` });
          written.set(made.id, `${name}-${n}-again`);
          const [random] = [...written.keys()].slice(-3);
          expect((await patient.get(random as string)).ssn).toBe(written.get(random as string));
        }
      };
      const writers = [writer(one, "a"), writer(two, "b")];
      const progress: number[] = [];
      const report = await rotateKeys(rotator.crm, {
        batch: 7,
        onProgress: ({ done }) => progress.push(done),
      });
      writing = false;
      await Promise.all(writers);

      expect(report).toMatchObject({ tenants: 2, rewrapped: 0, retired: 2 });
      expect(report.resealed).toBeGreaterThanOrEqual(42);
      expect(progress.length).toBeGreaterThan(3);
      const after = await rotator.keyIds("data");
      expect(after).toHaveLength(2);
      expect(after.filter((id) => before.includes(id))).toEqual([]);
      const last = await open(url);
      for (const [id, ssn] of written) expect((await last.me.entities.patient.get(id)).ssn).toBe(ssn);
      expect(await last.me.entities.patient.count({ ssn: { in: ["s3", "s4", "a-0-again"] } })).toBe(3);
      expect((await last.me.entities.patient.get(binned.id, { withDeleted: true })).ssn).toBe("binned");
      expect((await last.inTenant("other").entities.patient.get(theirs.id)).ssn).toBe("theirs");
      expect((await rotator.keyIds("history")).sort()).toEqual([...before].sort());
      await rotateKeys(rotator.crm, { history: "forget" });
      expect(await rotator.keyIds("history")).toEqual([]);
      expect((await last.me.entities.patient.get(binned.id, { withDeleted: true })).ssn).toBe("binned");
      // Processes that never heard of the rotation read and write on.
      expect((await two.me.entities.patient.get(binned.id, { withDeleted: true })).ssn).toBe("binned");
      for (const app of [...apps, last]) await app.crm.stop();
      if (database !== "SQLite in a file") {
        // What the journal keeps of old values can be read by nobody any more; it is not written anew.
        const { corm_journal: _, ...tables } = JSON.parse(await dumpEverything(url)) as Record<
          string,
          unknown
        >;
        const everything = JSON.stringify(tables);
        for (const id of before) expect(everything).not.toContain(`v1.${id}.`);
      }
    }, 120_000);

    it("lets nobody write with a key that is being taken away: not who has it open, nor who is in a transaction", async () => {
      const { url } = fresh();
      const [idle, busy, rotator] = [await open(url), await open(url), await open(url)];
      // Both have the old key in memory.
      await idle.me.entities.patient.create({ name: "warm", ssn: "warm" });
      await busy.me.entities.patient.count({ ssn: "warm" });
      let rotation: Promise<unknown> = Promise.resolve();
      let rotated = false;
      const made = await busy.me.transaction(async (tx) => {
        const row = await tx.entities.patient.create({ name: "slow", ssn: "slow" });
        rotation = rotateKeys(rotator.crm).then(() => {
          rotated = true;
        });
        await new Promise((resolve) => setTimeout(resolve, 500));
        expect(rotated).toBe(false);
        return row;
      });
      await rotation;
      const after = await idle.me.entities.patient.create({ name: "late", ssn: "late" });
      const last = await open(url);
      expect((await last.me.entities.patient.get(made.id)).ssn).toBe("slow");
      expect((await last.me.entities.patient.get(after.id)).ssn).toBe("late");
      for (const app of [idle, busy, rotator, last]) await app.crm.stop();
    }, 120_000);

    it("does not undo a change that is made between reading and encrypting anew", async () => {
      const { url } = fresh();
      const [writer, rotator] = [await open(url), await open(url)];
      const { patient } = writer.me.entities;
      const made = await patient.create({ name: "Ada", ssn: "before", diagnosis: "before" });
      const { storage } = rotator.crm.runtime;
      const forTenant = storage.forTenant.bind(storage);
      let transactions = 0;
      Object.assign(storage, {
        forTenant: (tenant: string) => {
          const bound = forTenant(tenant);
          const transaction: typeof bound.transaction = async (work, options) => {
            transactions += 1;
            // The first one switches the key; the second one writes what was read before.
            if (transactions === 2) await patient.update(made.id, { ssn: "after" });
            return bound.transaction(work, options);
          };
          return new Proxy(bound, {
            get: (target, key) => {
              const value: unknown = key === "transaction" ? transaction : Reflect.get(target, key, target);
              return typeof value === "function" ? value.bind(target) : value;
            },
          });
        },
      });
      await rotateKeys(rotator.crm);
      expect(transactions).toBeGreaterThan(2);
      const last = await open(url);
      expect(await last.me.entities.patient.get(made.id)).toMatchObject({
        ssn: "after",
        diagnosis: "before",
      });
      for (const app of [writer, rotator, last]) await app.crm.stop();
    }, 120_000);

    it("does not need the provider's old key afterwards, and does before", async () => {
      const { url } = fresh();
      const keys = { old: key() };
      const first = await open(url, keys);
      const made = await first.me.entities.patient.create({ name: "Ada", ...secrets });
      await first.crm.stop();
      const next = { new: key(), ...keys };
      for (const what of ["wrapping", "data"] as const) {
        const both = await open(url, next);
        expect(await rotateKeys(both.crm, { what })).toEqual({
          tenants: 1,
          rewrapped: what === "wrapping" ? 2 : 0,
          resealed: what === "wrapping" ? 0 : 1,
          retired: what === "wrapping" ? 0 : 1,
        });
        expect((await both.me.entities.patient.get(made.id)).version).toBe(1);
        await both.crm.stop();
        const only = await open(url, { new: next.new });
        expect(await only.me.entities.patient.get(made.id)).toMatchObject(secrets);
        expect(await only.me.entities.patient.count({ ssn: secrets.ssn })).toBe(1);
        await only.crm.stop();
      }
      expect(EncryptionKeyMissing.is(await open(url, keys).catch((e) => e))).toBe(true);
    }, 120_000);

    it("can be cancelled, and killed in the middle, and ends where it would have ended", async () => {
      const { url } = fresh();
      const app = await open(url);
      const { patient } = app.me.entities;
      await patient.createMany(Array.from({ length: 60 }, (_, n) => ({ name: `p${n}`, ssn: `s${n}` })));
      const before = await app.keyIds("data");
      const stop = new AbortController();
      const cancelled = await rotateKeys(app.crm, {
        batch: 5,
        signal: stop.signal,
        onProgress: ({ done }) => done >= 10 && stop.abort(),
      }).catch((e) => e);
      expect(cancelled).toBe(stop.signal.reason);
      expect(await app.keyIds("data")).toHaveLength(2);
      for (const lines of [3, 2]) {
        const run = spawnScript(child, url);
        for (let n = 0; n < lines; n++) expect(await run.line()).toMatch(/ready|^\d+$/);
        await run.kill();
      }
      expect(await patient.count({ ssn: { in: ["s1", "s59"] } })).toBe(2);
      const rest = await rotateKeys(app.crm, { batch: 50 });
      expect(rest.resealed).toBeLessThan(60);
      expect(rest.retired).toBe(1);
      const after = await app.keyIds("data");
      expect(after).toHaveLength(1);
      expect(before).not.toContain(after[0]);
      await app.crm.stop();
      const again = await open(url);
      for (const row of (await again.me.entities.patient.find({ limit: 100 })).items)
        expect(row.ssn).toBe(`s${row.name.slice(1)}`);
      await again.crm.stop();
    }, 120_000);
  },
  ["SQLite in a file", "PostgreSQL", "MariaDB"],
);
