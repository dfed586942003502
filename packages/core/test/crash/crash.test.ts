import { knexStorage } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";
import { onFreshDatabases } from "../migrations/shop.js";
import { spawnScript } from "../support/spawn.js";
import { withCompanions } from "./plugin.js";

/** How often a writing process is killed, over all databases: `CORM_KILLS=200 npx vitest run packages/core/test/crash`. */
const kills = Number(process.env["CORM_KILLS"] ?? 8);
const child = new URL("child.ts", import.meta.url);

onFreshDatabases(
  (fresh) => {
    it(
      "keeps every write that was acknowledged, and no half of one, when the process is killed",
      async () => {
        const { url } = fresh();
        const acknowledged = new Set<string>();
        for (let round = 0; round < kills / 2; round++) {
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
          for await (const row of thing.stream({ include: ["box"] })) {
            expect(row.box?.label).toBe(row.title);
            titles.add(row.title);
          }
          expect([...acknowledged].filter((title) => !titles.has(title))).toEqual([]);
          expect(await box.count()).toBe(titles.size);
          const whole = [...titles].filter((title) => title.endsWith("-a"));
          expect(whole.length * 3).toBe(titles.size);
          await crm.stop();
        }
        expect(acknowledged.size).toBeGreaterThan(kills);
      },
      60_000 + kills * 20_000,
    );
  },
  ["SQLite in a file", "PostgreSQL"],
);
