import { createHttp } from "@corm/core/http";
import { knexStorage } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";
import { onFreshDatabases } from "../migrations/shop.js";
import { spawnScript } from "../support/spawn.js";
import { keyed, secret } from "./keyed.js";
import { lot, lotsOf } from "./lots.js";
import { withCompanions } from "./plugin.js";

/** How often a process is killed, over all databases: `CORM_KILLS=200 npx vitest run packages/core/test/crash`. */
const kills = Number(process.env["CORM_KILLS"] ?? 8);
const child = new URL("keyed-child.ts", import.meta.url);

onFreshDatabases(
  (fresh) => {
    it.each(lotsOf(kills / 3))(
      "does every request with a key exactly once, whenever its process is killed and however often it is sent again (from kill %i)",
      async (first, end) => {
        const { url } = fresh();
        const sent = new Set<string>();
        const answers = new Map<string, string>();
        const note = (line: string) => {
          const [word, key = "", status, id = ""] = line.split(" ");
          if (word === "sent") sent.add(key);
          if (word !== "answered") return;
          expect(status).toBe("201");
          answers.set(key, id);
        };
        for (let round = first; round < end; round++) {
          const sender = spawnScript(child, url);
          expect(await sender.line()).toBe("ready");
          for (let lines = 10 + ((round * 7) % 40); lines > 0; lines--) note((await sender.line()) ?? "");
          await new Promise((resolve) => setTimeout(resolve, (round * 13) % 30));
          await sender.kill();
          for (let line = await sender.line(); line !== undefined; line = await sender.line()) note(line);

          // Two minutes later, when what was running counts as dead.
          const now = new Date(Date.now() + 120_000).toISOString();
          const { crm, inTenant } = await createTestCrm({
            plugins: [withCompanions()],
            storage: knexStorage({ url }),
            now,
            secret,
            seed: round + 2,
          });
          const http = createHttp(crm, {
            authenticate: () => ({ actor: { kind: "user", id: "u" }, tenant: "crash", roles: ["admin"] }),
          });
          for (const key of sent) {
            const again = await http.request(...keyed(key));
            expect(again.status).toBe(201);
            const { id } = (await again.json()) as { id: string };
            expect(id).toBe(answers.get(key) ?? id);
            answers.set(key, id);
          }
          const { thing, box } = inTenant("crash").entities;
          const titles: string[] = [];
          for await (const row of thing.stream()) titles.push(row.title);
          expect(titles.sort()).toEqual([...sent].sort());
          expect(await box.count()).toBe(sent.size);
          await crm.stop();
        }
        expect(sent.size).toBeGreaterThan(end - first);
        // Of a long loop that is cut off, this is what is known.
        if (kills > lot) console.log(`kills ${first} to ${end}: ${sent.size} sent, none lost`);
      },
      60_000 + lot * 20_000,
    );
  },
  ["SQLite in a file", "PostgreSQL", "MariaDB"],
);
