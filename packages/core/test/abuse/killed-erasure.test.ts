import { listErasures, resumeErasures } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";
import { onFreshDatabases } from "../migrations/shop.js";
import { dumpEverything, inBytes } from "../support/dump.js";
import { spawnScript } from "../support/spawn.js";
import { type Everything, everything, seed } from "./people.js";

const child = new URL("erase-child.ts", import.meta.url);

onFreshDatabases(
  (fresh) => {
    it("K90: an erasure that is killed in the middle ends where it would have ended", async () => {
      const { url } = fresh();
      // Each process has a seed of its own, so that no two make the same ids.
      let seeds = 0;
      const open = () => createTestCrm({ plugins: everything, storage: knexStorage({ url }), seed: ++seeds });
      const { crm, me } = await open();
      const ada = await seed(me as Everything, "Ada");
      const bob = await seed(me as Everything, "Bob");
      await me.entities.activity.createMany(
        Array.from({ length: 450 }, (_, n) => ({
          kind: "call" as const,
          subject: `canary-many-${n}`,
          contactId: ada.person.id,
        })),
      );
      await crm.stop();
      const kills = [3, 2, 4];
      for (const [n, lines] of kills.entries()) {
        const env: Record<string, string> = {
          CORM_TEST_SEED: String(100 + n),
          ...(n === 0 ? { CORM_TEST_CONTACT: ada.person.id } : {}),
        };
        const run = spawnScript(child, url, env);
        for (let i = 0; i < lines; i++) await run.line();
        await run.kill();
      }
      const last = await open();
      const finished = await resumeErasures(last.me);
      expect(finished).toHaveLength(1);
      // Every record was counted once, however often the run was killed.
      expect(finished[0]?.erased).toMatchObject({
        activity: { anonymised: 454 },
        contact: { deleted: 1 },
        lead: { deleted: 1 },
        ticketMessage: { anonymised: 2 },
        mailSource: { deleted: 1 },
        segmentMember: { deleted: 1 },
      });
      expect(await resumeErasures(last.me)).toEqual([]);
      const all = [];
      for await (const one of listErasures(last.me)) all.push(one.state);
      expect(all).toEqual(["done"]);
      expect((await last.me.entities.contact.get(bob.person.id)).email).toBe(bob.email);
      expect(await last.me.entities.activity.count()).toBe(458);
      const dump = (await dumpEverything(url)).toLowerCase();
      const left = [...ada.canaries, "canary-many-"].filter((word) =>
        dump.includes(inBytes(word).toLowerCase()),
      );
      expect(left).toEqual([]);
      await last.crm.stop();
    }, 240_000);
  },
  ["SQLite in a file", "PostgreSQL", "MariaDB"],
);
