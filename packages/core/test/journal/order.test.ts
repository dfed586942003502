import { createCrm, type JournalEntry, verifyAudit } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { expect, it } from "vitest";
import { entriesAfter } from "../../src/journal/read.js";
import type { Session } from "../../src/runtime/session.js";
import { onFreshDatabases } from "../migrations/shop.js";
import { spawnScript } from "../support/spawn.js";
import { toys } from "../support/toys.js";

const child = new URL("order.child.ts", import.meta.url);
const PROCESSES = 4;
/** Of each of the four writers of a process: `CORM_WRITES=200 npx vitest run packages/core/test/journal/order`. */
const WRITES = Number(process.env["CORM_WRITES"] ?? 25);

onFreshDatabases(
  (fresh, database) => {
    it("shows each change exactly once to a reader that remembers its position, while 16 writers commit late and out of order", async () => {
      const { url } = fresh();
      const open = () => createCrm({ storage: knexStorage({ url }), plugins: [toys()] });
      const crm = await open();
      const other = await open();
      const me = crm.system({ tenant: "busy", reason: "read" });
      const { id: box } = await me.entities.box.create({ label: "all" });
      const children = Array.from({ length: PROCESSES }, (_, n) =>
        spawnScript(child, JSON.stringify([url, `p${n}`, WRITES, box, n + 1])),
      );
      for (const one of children) expect(await one.line()).toBe("ready");

      let ended = false;
      // Several readers put the journal in order at once, from several processes' worth of connections.
      const feed = async (session: Session): Promise<{ position: number; id: string; entry: string }[]> => {
        const seen: { position: number; id: string; entry: string }[] = [];
        for (let position = 0; ; ) {
          const last = ended;
          const rows = await entriesAfter(session, position, 40);
          for (const row of rows) {
            position = row["position"] as number;
            seen.push({ position, id: row["id"] as string, entry: `${row["record"]} ${row["version"]}` });
          }
          if (rows.length === 0 && last) return seen;
          if (rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        }
      };
      // What a reader does that takes the largest id it has seen for its place.
      const naive = async (session: Session): Promise<number> => {
        let [seen, place] = [0, "00000000-0000-7000-8000-000000000000"];
        for (;;) {
          const last = ended;
          const rows = await session.operations().findMany({
            table: "corm_journal",
            columns: ["id"],
            where: {
              op: "and",
              of: [
                { op: "eq", column: "tenant_id", value: "busy" },
                { op: "gt", column: "id", value: place },
              ],
            },
            orderBy: [{ column: "id", direction: "asc" }],
            limit: 40,
          });
          seen += rows.length;
          place = (rows[rows.length - 1]?.["id"] as string | undefined) ?? place;
          if (rows.length === 0 && last) return seen;
          if (rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        }
      };
      const elsewhere = other.system({ tenant: "busy", reason: "read" });
      const readers = Promise.all([feed(me as never), feed(elsewhere as never), naive(me as never)]);
      for (const one of children) {
        expect(await one.line()).toBe("done");
        expect((await one.ended()).errors).toBe("");
      }
      ended = true;
      const [first, second, byId] = await readers;

      const committed = (await me.entities.thing.count()) + (await me.entities.box.get(box)).version;
      expect(committed).toBe(PROCESSES * 4 * (WRITES * 2 + Math.ceil(WRITES / 5)) + 1);
      expect(first.length).toBe(committed);
      expect(new Set(first.map(({ id }) => id)).size).toBe(committed);
      expect(first.map(({ position }) => position)).toEqual(first.map((_, i) => i + 1));
      expect(second).toEqual(first);
      const versions = first
        .filter(({ entry }) => entry.startsWith(box))
        .map(({ entry }) => entry.split(" ")[1]);
      expect(versions).toEqual(versions.map((_, i) => String(i + 1)));
      expect(await verifyAudit(crm, { tenant: "busy" })).toMatchObject({ entries: committed, broken: null });
      // The test is worth something: it was hard enough for the naive reader to lose entries.
      if (database !== "SQLite in a file") expect(byId).toBeLessThan(committed);
      await crm.stop();
      await other.stop();
    }, 240_000);
  },
  ["SQLite in a file", "PostgreSQL", "MariaDB"],
);

export type { JournalEntry };
