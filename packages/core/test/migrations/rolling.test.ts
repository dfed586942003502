import { createHash } from "node:crypto";
import { type AnyPlugin, type Crm, createCrm } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { knexStorage } from "@corm/core/knex";
import { afterEach, expect, it } from "vitest";
import { databases, type TestServer } from "../support/databases.js";
import { spawnScript } from "../support/spawn.js";
import { allowed, fillJob, newOf, secret, tenant, type Version, versions } from "./rolling.versions.js";
import { onFreshDatabases } from "./shop.js";

/** Records that are there before the upgrade. */
const RECORDS = Number(process.env["CORM_ROLLING_RECORDS"] ?? 12);
const PATIENCE = 600_000;
const script = new URL("rolling.child.ts", import.meta.url);

interface Load {
  /** Answers by status, of which those of servers are the ones that must not be. */
  readonly answers: Map<number, number>;
  readonly bad: string[];
  /** Ends it; answers the phones that were acknowledged, by id. */
  end(): Promise<Map<string, string>>;
}

/** Those that serve still, also where a test has failed. */
const open = new Set<() => Promise<unknown>>();
afterEach(async () => {
  for (const end of [...open]) await end();
});

/** A version that serves, and a caller who writes and reads all the while. */
async function serving(url: string, version: Version): Promise<{ crm: Crm<AnyPlugin[]>; load: Load }> {
  const crm: Crm<AnyPlugin[]> = await createCrm({
    ...{ storage: knexStorage({ url, pool: { min: 0, max: 4 } }), plugins: [versions[version]()], secret },
    allowDataLoss: allowed(version),
  });
  const http = createHttp(crm, {
    authenticate: () => ({ actor: { kind: "user", id: "u" }, tenant, roles: ["admin"] }),
  });
  const answers = new Map<number, number>();
  const bad: string[] = [];
  const acknowledged = new Map<string, string>();
  let isOver = false;
  const field = version === "old" || version === "both" ? "phone" : "phoneE164";
  const ask = async (path: string, method: string, body?: object) => {
    const headers = { "content-type": "application/json" };
    const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    const answer = await http.request(path, init);
    answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1);
    const text = await answer.text();
    if (answer.status >= 500) bad.push(`${version}: ${method} ${path} ${answer.status} ${text}`);
    return JSON.parse(text || "null") as Record<string, unknown> & { id: string };
  };
  const caller = async (): Promise<void> => {
    for (let n = 0; !isOver; n++) {
      const phone = `0${version.length}${String(n).padStart(6, "0")}`;
      const value = field === "phone" ? phone : newOf(phone);
      const made = await ask("/api/items", "POST", { name: `${version} ${n}`, [field]: value });
      if (made?.id) acknowledged.set(made.id, newOf(phone));
      await ask("/api/items?limit=5", "GET");
      if (made?.id) await ask(`/api/items/${made.id}`, "PATCH", { name: `${version} ${n}!` });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const running = caller();
  const end = async (): Promise<Map<string, string>> => {
    open.delete(end);
    isOver = true;
    await running;
    await crm.stop();
    return acknowledged;
  };
  open.add(end);
  return {
    crm,
    load: {
      answers,
      bad,
      end,
    },
  };
}

/** The schema as the database has it: the same text however it came about. */
async function schemaHash(url: string): Promise<string> {
  const storage = knexStorage({ url });
  try {
    const { tables } = await storage.schema.inspect();
    const sorted = tables
      .map(({ empty: _, ...table }) => ({
        ...table,
        columns: [...table.columns].sort((a, b) => (a.name < b.name ? -1 : 1)),
        indexes: [...table.indexes].sort((a, b) => (a.name < b.name ? -1 : 1)),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
  } finally {
    await storage.close();
  }
}

/** Starts a version again and again, each time killed at its next step, until it has come to its end. Answers the kills. */
async function killedAtEachStep(url: string, version: Version): Promise<number> {
  for (let kills = 0; ; kills++) {
    // At first before any, then one step further each time: what is done already is no step of the next start.
    const steps = kills === 0 ? 0 : 1;
    const child = spawnScript(script, JSON.stringify({ url, version, steps, work: null }));
    const line = await child.line();
    const { code, errors } = await child.ended();
    if (line === "started") {
      expect([code, errors]).toEqual([0, ""]);
      return kills;
    }
    expect(errors).toBe("");
    if (kills > 60) throw new Error(`"${version}" does not come to an end`);
  }
}

interface Item {
  readonly id: string;
  readonly name: string;
  readonly phoneE164: string | null;
}
interface Items {
  createMany(inputs: readonly object[]): Promise<unknown>;
  stream(): AsyncIterable<Item>;
}

const itemsOf = (crm: Crm<AnyPlugin[]>): Items =>
  (crm.system({ tenant, reason: "test" }).entities as unknown as { item: Items }).item;

onFreshDatabases((fresh, database) => {
  it(
    "upgrades under load, killed at each step",
    async () => {
      const { url } = fresh();
      const before = await serving(url, "old");
      const records = Array.from({ length: RECORDS }, (_, n) => ({ name: `r${n}`, phone: `099${n}` }));
      await itemsOf(before.crm).createMany(records);
      // Expand: the old version serves while the new one makes its columns and tables.
      const expanding = await killedAtEachStep(url, "both");
      // A column, its index, and a table.
      expect(expanding).toBe(3);
      const during = await serving(url, "both");
      const acknowledged = new Map(await before.load.end());
      // Backfill: killed in the middle of it, and done by the next.
      await during.crm.system({ tenant, reason: "test" }).jobs.enqueue(fillJob, {});
      for (const work of [2, 3, 0]) {
        const child = spawnScript(script, JSON.stringify({ url, version: "both", steps: null, work }));
        expect(await child.line()).toBe("started");
        const line = await child.line();
        const { errors } = await child.ended();
        expect(errors).toBe("");
        if (work === 0) expect(line).toBe("worked");
        else expect(line).toBeUndefined();
      }
      // Contract: the version before serves while the next one starts, and while the column goes.
      await killedAtEachStep(url, "new");
      const after = await serving(url, "new");
      for (const [id, phone] of await during.load.end()) acknowledged.set(id, phone);
      const dropping = await killedAtEachStep(url, "dropped");
      expect(dropping).toBeGreaterThan(0);
      for (const [id, phone] of await after.load.end()) acknowledged.set(id, phone);

      for (const { load } of [before, during, after]) {
        expect(load.bad).toEqual([]);
        expect(load.answers.get(201) ?? 0).toBeGreaterThan(0);
      }
      const end = await serving(url, "dropped");
      const rows: Item[] = [];
      for await (const row of itemsOf(end.crm).stream()) rows.push(row);
      await end.load.end();
      expect(end.load.bad).toEqual([]);
      expect(rows.filter(({ phoneE164 }) => phoneE164 === null)).toEqual([]);
      expect(
        rows
          .filter(({ name }) => /^r\d/.test(name))
          .map(({ phoneE164 }) => phoneE164)
          .sort(),
      ).toEqual(Array.from({ length: RECORDS }, (_, n) => newOf(`099${n}`)).sort());
      const kept = new Map(rows.map(({ id, phoneE164 }) => [id, phoneE164]));
      expect([...acknowledged].filter(([id, phone]) => kept.get(id) !== phone)).toEqual([]);

      // The same schema as without a kill.
      const hash = await schemaHash(url);
      const undisturbed = await (databases.find(({ name }) => name === database) as TestServer).create();
      try {
        for (const version of ["old", "both", "new", "dropped"] as const) {
          const { load } = await serving(undisturbed.url, version);
          await load.end();
        }
        expect(await schemaHash(undisturbed.url)).toBe(hash);
      } finally {
        await undisturbed.drop();
      }
    },
    PATIENCE,
  );
});
