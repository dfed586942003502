import { describe, expect, it } from "vitest";
import { databases, storageAt, suiteName } from "../../core/test/support/databases.js";
import { salesCrm, usd } from "./support.js";

for (const database of databases) {
  describe.skipIf(!database.available)(suiteName(database), { timeout: 120_000 }, () => {
    it("splits revenue into 100 % after opportunities were merged, and after that was taken back", async () => {
      const { url, drop } = await database.create();
      const { crm, me } = await salesCrm({ storage: storageAt(url) });
      try {
        const { user, opportunity, opportunityMember } = me.entities;
        const [ann, bob] = await user.createMany([
          { name: "Ann", email: "ann@example.com" },
          { name: "Bob", email: "bob@example.com" },
        ]);
        const [kept, gone] = await opportunity.createMany([
          { name: "Roof", amount: usd("100") },
          { name: "Roof again", amount: usd("100") },
        ]);
        const [survivorId, mergedId] = [kept!.id, gone!.id];
        await opportunity.setTeam(survivorId, {
          members: [{ userId: ann!.id, split: "revenue", percent: 100 }],
        });
        await opportunity.setTeam(mergedId, {
          members: [{ userId: bob!.id, split: "revenue", percent: 100 }],
        });
        const team = async (opportunityId: string) =>
          (await opportunityMember.find({ where: { opportunityId } })).items.map(({ userId, percent }) => [
            userId,
            percent,
          ]);
        const { mergeId } = await opportunity.merge({ survivorId, ids: [mergedId] } as never);
        expect(await team(survivorId)).toEqual([[ann!.id, 100]]);
        await opportunity.unmerge({ mergeId });
        expect(await team(survivorId)).toEqual([[ann!.id, 100]]);
        expect(await team(mergedId)).toEqual([[bob!.id, 100]]);
      } finally {
        await crm.stop();
        await drop();
      }
    });
  });
}
