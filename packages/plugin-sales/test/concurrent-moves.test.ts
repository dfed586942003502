import { createCrm, crmCore, systemClock } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { sales } from "@corm/plugin-sales";
import { describe, expect, it } from "vitest";
import { suiteName } from "../../core/test/support/databases.js";
import { reuse } from "../../core/test/support/reused.js";
import { visitsOf } from "./support.js";

const reused = reuse();

const STAGES = ["qualification", "proposal", "negotiation", "won", "lost", "prospecting"];

for (const database of reused) {
  describe.skipIf(!database.available)(suiteName(database), { timeout: 120_000 }, () => {
    const open = async (url: string) => {
      const storage = knexStorage({ url });
      return createCrm({ storage, plugins: [crmCore(), sales()], clock: systemClock });
    };
    const as = (id: string) => ({
      actor: { kind: "user" as const, id },
      tenant: "acme",
      roles: ["admin"],
    });

    it("loses no visit when many move one opportunity at once", async () => {
      const { url, drop } = await database.create();
      const crm = await open(url);
      try {
        const me = crm.as(as("me"));
        const { id } = await me.entities.opportunity.create({ name: "Wanted" });
        const mover = async (n: number) => {
          const session = crm.as(as(`mover-${n}`));
          for (let i = 0; i < 6; i++) {
            const stage = STAGES[(n + i) % STAGES.length] as string;
            await session.entities.opportunity.update(id, { stage });
          }
        };
        await Promise.all(Array.from({ length: 6 }, (_, n) => mover(n)));
        const visits = await visitsOf(me, id);
        const { version, stage } = await me.entities.opportunity.get(id);
        // Every version but the first is a move, and every move is a visit.
        expect(visits).toHaveLength(version);
        expect(version).toBeGreaterThan(6);
        expect(visits.map((visit) => visit.seq)).toEqual(visits.map((_, i) => i + 1));
        expect(visits.at(-1)).toMatchObject({ stage, leftAt: null });
        visits.slice(1).forEach((visit, i) => {
          expect(visit.stage).not.toBe(visits[i]?.stage);
          expect(visit.enteredAt).toBe(visits[i]?.leftAt);
        });
      } finally {
        await crm.stop();
        await drop();
      }
    });

    it("makes one pipeline when several first opportunities arrive at once", async () => {
      const { url, drop } = await database.create();
      const crm = await open(url);
      try {
        const creates = Array.from({ length: 8 }, (_, n) =>
          crm.as(as(`user-${n}`)).entities.opportunity.create({ name: `O${n}` }),
        );
        const made = await Promise.all(creates);
        const me = crm.as(as("me"));
        expect(await me.entities.pipeline.count()).toBe(1);
        expect(await me.entities.stage.count()).toBe(6);
        expect(await me.entities.stageVisit.count()).toBe(8);
        expect(new Set(made.map((each) => each.stageId)).size).toBe(1);
      } finally {
        await crm.stop();
        await drop();
      }
    });
  });
}
