import { verifyAudit } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";
import { onFreshDatabases } from "../migrations/shop.js";
import { spawnScript } from "../support/spawn.js";
import { lot, lotsOf } from "./lots.js";
import { withCompanions } from "./plugin.js";

/** How often a writing process is killed, over all databases: `CORM_KILLS=200 npx vitest run packages/core/test/crash`. */
const kills = Number(process.env["CORM_KILLS"] ?? 8);
const child = new URL("child.ts", import.meta.url);

onFreshDatabases(
  (fresh) => {
    it.each(lotsOf(kills / 3))(
      "K89 keeps every write that was acknowledged, and no half of one, when the process is killed (from kill %i)",
      async (first, end) => {
        const { url } = fresh();
        const acknowledged = new Set<string>();
        /** Last version of each record that the journal has. */
        const entered = new Map<string, number>();
        let after: string | undefined;
        for (let round = first; round < end; round++) {
          const writer = spawnScript(child, url);
          expect(await writer.line()).toBe("ready");
          // Now in the middle of a statement, now in a commit, now between two.
          const enough = 5 + ((round * 7) % 40);
          for (let lines = 0; lines < enough; lines++) {
            for (const title of (await writer.line())?.split(" ") ?? []) acknowledged.add(title);
          }
          await new Promise((resolve) => setTimeout(resolve, (round * 13) % 30));
          await writer.kill();
          for (let line = await writer.line(); line !== undefined; line = await writer.line()) {
            for (const title of line.split(" ")) acknowledged.add(title);
          }

          const { crm, inTenant } = await createTestCrm({
            plugins: [withCompanions()],
            storage: knexStorage({ url }),
          });
          const { thing, box } = inTenant("crash").entities;
          const titles = new Set<string>();
          const versions: [string, number][] = [];
          for await (const row of thing.stream({ include: ["box"] })) {
            expect(row.box?.label).toBe(row.title);
            titles.add(row.title);
            versions.push([row.id, row.version], [row.box?.id as string, row.box?.version as number]);
          }
          expect([...acknowledged].filter((title) => !titles.has(title))).toEqual([]);
          expect(await box.count()).toBe(titles.size);
          const whole = [...titles].filter((title) => title.endsWith("-a"));
          expect(whole.length * 3).toBe(titles.size);
          // No row without its entries, no entry without its row, and what went before is as it was.
          const system = crm.system({ tenant: "crash", reason: "count" });
          for (let more = true; more; ) {
            const page = await system.changes({ after, limit: 500 });
            for (const entry of page.items) {
              const last = entered.get(entry.record as string) ?? 0;
              expect(entry.version).toBe(last + 1);
              entered.set(entry.record as string, last + 1);
            }
            ({ next: after, more } = page);
          }
          expect(entered.size).toBe(versions.length);
          expect(versions.filter(([id, version]) => entered.get(id) !== version)).toEqual([]);
          expect((await verifyAudit(crm, { tenant: "crash" })).broken).toBeNull();
          await crm.stop();
        }
        expect(acknowledged.size).toBeGreaterThan(end - first);
        // Of a long loop that is cut off, this is what is known.
        if (kills > lot)
          console.log(`kills ${first} to ${end}: ${acknowledged.size} acknowledged, none lost`);
      },
      60_000 + lot * 20_000,
    );
  },
  ["SQLite in a file", "PostgreSQL", "MariaDB"],
);
