import { deleteTenant, eraseSubject } from "@corm/core";
import { expect, it } from "vitest";
import { physicalSchema } from "../../src/migrations/physical-schema.js";
import { onDatabases } from "../support/apps.js";
import { dumpEverything } from "../support/dump.js";
import { type Everything, everything, seed } from "./people.js";

const on = ["SQLite in a file", "PostgreSQL", "MariaDB"] as const;

onDatabases({ plugins: everything, on }, (app) => {
  /** Every row of every table, of one tenant. */
  const rowsOf = async (tenant: string): Promise<Record<string, unknown[]>> => {
    const { storage, composition } = app().crm.runtime;
    const rows: Record<string, unknown[]> = {};
    for (const table of physicalSchema(composition).tables) {
      if (!table.columns.some(({ name }) => name === "tenant_id")) continue;
      rows[table.name] = await storage.forTenant(tenant).findMany({
        table: table.name,
        columns: table.columns.map(({ name }) => name),
        where: { op: "eq", column: "tenant_id", value: tenant },
        orderBy: table.primaryKey.map((column) => ({ column, direction: "asc" as const })),
        limit: 10_000,
      });
    }
    return rows;
  };

  it("O118: a deleted tenant leaves no row and no key, and the others as they were", async () => {
    const [mine, theirs] = [app().fresh() as Everything, app().fresh() as Everything];
    const ada = await seed(mine, "Ada");
    await seed(mine, "Max");
    const bob = await seed(theirs, "Bob");
    const gone = await seed(theirs, "Gone");
    await eraseSubject(theirs, gone.person);
    const manager = await mine.entities.user.create({ name: "Boss" });
    await mine.entities.user.create({ name: "Worker", managerId: manager.id });
    const account = await mine.entities.account.create({ name: "Mother" });
    await mine.entities.account.create({ name: "Daughter", parentId: account.id });
    const before = await rowsOf(theirs.tenant);
    const filled = Object.entries(await rowsOf(mine.tenant)).filter(([, rows]) => rows.length > 0);
    expect(filled.length).toBeGreaterThan(18);

    const stop = new AbortController();
    const stopped = await deleteTenant(app().crm, mine.tenant, {
      batch: 2,
      signal: stop.signal,
      onProgress: ({ table }) => table === "contact" && stop.abort(),
    }).catch((e) => e);
    expect(stopped).toBe(stop.signal.reason);
    const deleted = await deleteTenant(app().crm, mine.tenant, { batch: 3 });
    expect(deleted["user"]).toBe(2);
    expect(Object.values(await rowsOf(mine.tenant)).flat()).toEqual([]);
    expect(await rowsOf(theirs.tenant)).toEqual(before);
    const dump = await dumpEverything(app().url);
    expect(dump).not.toContain(mine.tenant);
    expect(dump).not.toContain(ada.canaries[2]);
    expect((await theirs.entities.contact.get(bob.person.id)).email).toBe(bob.email);
    expect(Object.values(await deleteTenant(app().crm, mine.tenant)).every((count) => count === 0)).toBe(
      true,
    );
    // A tenant of the same name begins anew, with keys of its own.
    const again = await seed(mine, "New");
    expect((await mine.entities.contact.get(again.person.id)).email).toBe(again.email);
  });

  it("O114: whatever must be unique, is so within a tenant", async () => {
    const { composition } = app().crm.runtime;
    const wrong: string[] = [];
    for (const table of physicalSchema(composition).tables) {
      const tenanted = table.columns.some(({ name }) => name === "tenant_id");
      if (!tenanted) {
        // Core's own notes on the database as a whole, and counts by address, of callers who are not known yet.
        if (!["corm_meta", "corm_rate_counter"].includes(table.name))
          wrong.push(`${table.name} has no tenant`);
        continue;
      }
      // Its sequencer puts entries in order by their ids, which no two tenants share.
      const ordered = ["corm_journal", "corm_journal_head", "corm_cursor"].includes(table.name);
      if (table.tenant !== "tenant_id" && !ordered)
        wrong.push(`${table.name} is open to statements without a tenant`);
      for (const index of table.indexes)
        if (index.unique && !index.columns.includes("tenant_id")) wrong.push(`${table.name}: ${index.name}`);
    }
    expect(wrong).toEqual([]);
    // Blind indexes and wrapped keys are bound to the tenant, too: one value shows differently in each.
    const [one, two] = [app().fresh() as Everything, app().fresh() as Everything];
    for (const me of [one, two]) await me.entities.contact.create({ lastName: "Same", taxId: "same" });
    const indexes = await Promise.all(
      [one, two].map(async (me) => (await rowsOf(me.tenant))["contact"]?.[0] as Record<string, string>),
    );
    expect(indexes[0]?.["tax_id_bidx"]).not.toBe(indexes[1]?.["tax_id_bidx"]);
  });
});
