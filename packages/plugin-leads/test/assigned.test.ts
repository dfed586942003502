import { crmCore } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { workflow } from "@corm/plugin-workflow";
import { describe, expect, it } from "vitest";
import { databases, storageAt, suiteName } from "../../core/test/support/databases.js";
import { leads } from "../src/index.js";

const make = (storage: ReturnType<typeof storageAt>, seed: number) =>
  createTestCrm({ storage, seed, plugins: [crmCore(), leads(), workflow({ assignOnCreate: ["lead"] })] });
type Test = Awaited<ReturnType<typeof make>>;

for (const database of databases) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("200 leads that are captured at one moment go to 5 people in turn: nobody gets two more than another", async () => {
      const { url, drop } = await database.create();
      const shared = url.includes(":memory:");
      const apps: Test[] = [];
      for (let seed = 1; seed <= (shared ? 1 : 3); seed++) apps.push(await make(storageAt(url), seed));
      const [{ me }] = apps as [Test];
      try {
        const team = await me.entities.team.create({ name: "Desk" });
        const users = await me.entities.user.createMany(
          Array.from({ length: 5 }, (_, n) => ({ name: `Rep ${n}` })),
        );
        await me.entities.teamMember.createMany(users.map(({ id }) => ({ teamId: team.id, userId: id })));
        const model = await me.entities.scoringModel.create({
          name: "Standard",
          fit: [{ key: "software", points: 50, where: { industry: "software" } }],
        });
        await me.entities.scoringModel.activate(model.id);
        // By the score: leads are scored before they are given out.
        await me.entities.assignmentRule.create({
          name: "Hot",
          target: "lead",
          teamId: team.id,
          where: { score: { gte: 50 } },
        });
        const captured = await Promise.all(
          Array.from({ length: 200 }, (_, n) =>
            apps[n % apps.length]!.me.entities.lead.capture({
              values: { lastName: `Lead ${n}`, email: `lead${n}@example.com`, industry: "software" },
              channel: "form",
            }),
          ),
        );
        expect(captured.every(({ created }) => created)).toBe(true);
        const counts: number[] = [];
        for (const { id } of users) counts.push(await me.entities.lead.count({ ownerId: id }));
        expect(counts.reduce((sum, n) => sum + n, 0)).toBe(200);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      } finally {
        for (const { crm } of apps) await crm.stop();
        await drop();
      }
    }, 240_000);
  });
}
