import { runJobs } from "@corm/core/testing";
import { describe, expect, it } from "vitest";
import { databases, storageAt, suiteName } from "../../core/test/support/databases.js";
import { salesCrm, usd } from "./support.js";

const CATEGORIES = ["omitted", "pipeline", "bestCase", "commit", "closed"] as const;
const STAGES = ["prospecting", "qualification", "proposal", "negotiation", "won", "lost"];

/** Numbers by chance that a seed repeats. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(state / 65_536) % below;
  };
}

for (const database of databases) {
  describe.skipIf(!database.available)(suiteName(database), { timeout: 240_000 }, () => {
    it.each([3, 29])(
      "keeps every night what asOf tells of it later, whatever was done (seed %i)",
      async (seed) => {
        const pick = chance(seed);
        const { url, drop } = await database.create();
        const { crm, me, clock } = await salesCrm(
          { storage: storageAt(url), currency: "USD" },
          { timeZone: pick(2) === 0 ? "Europe/Berlin" : "America/New_York" },
        );
        try {
          const { opportunity, user, forecastSnapshot } = me.entities;
          const people = (await user.createMany(["A", "B", "C"].map((name) => ({ name })))).map(
            ({ id }) => id,
          );
          const owner = () => [...people, null][pick(4)] as string | null;
          const day = () => `2026-0${1 + pick(7)}-${10 + pick(18)}`;
          // What was told of a night on that night, and never may change after it.
          for (let night = 0; night < 5; night++) {
            for (let n = 0; n < 4; n++) {
              clock.advance({ hours: 1 });
              const { items } = await opportunity.find({ limit: 100, orderBy: ["id"] });
              const one = items[pick(Math.max(items.length, 1))];
              const what = pick(6);
              if (!one || what < 2)
                await opportunity.create({
                  ...{ name: `D${night}.${n}`, stage: STAGES[pick(6)] as string, ownerId: owner() },
                  ...{
                    openedOn: "2026-01-01",
                    closeDate: day(),
                    amount: usd(`${pick(900)}.${10 + pick(89)}`),
                  },
                });
              else if (what === 2) await opportunity.delete(one.id);
              else if (what === 3)
                await opportunity.update(one.id, { ownerId: owner(), amount: usd(`${pick(900)}`) });
              else if (what === 4) await opportunity.update(one.id, { closeDate: day() });
              else await opportunity.moveTo(one.id, { stage: STAGES[pick(6)] as string, closeDate: day() });
            }
            await runJobs({ crm, clock }, { for: { hours: 24 } });
          }
          const kept = new Map<string, Record<string, string>>();
          const all = await forecastSnapshot.find({ limit: 500 });
          for (const { takenAt, period, ownerKey, category, amount } of all.items) {
            const of = kept.get(`${period} ${takenAt}`) ?? {};
            kept.set(`${period} ${takenAt}`, of);
            if (Number(amount.amount) !== 0) of[`${ownerKey} ${category}`] = amount.amount;
          }
          expect(new Set([...kept.keys()].map((key) => key.split(" ")[1])).size).toBeGreaterThanOrEqual(4);
          for (const [key, then] of kept) {
            const [period, asOf] = key.split(" ") as [string, string];
            const { lines, unassigned } = await opportunity.forecast({ period, asOf });
            const told: Record<string, string> = {};
            for (const { userId, own } of [...lines, { userId: "none", own: unassigned }])
              for (const category of CATEGORIES)
                if (Number(own[category].amount) !== 0) told[`${userId} ${category}`] = own[category].amount;
            expect([key, told]).toEqual([key, then]);
          }
        } finally {
          await crm.stop();
          await drop();
        }
      },
    );
  });
}

// Three histories of 38 nights.
it("makes those of nights that were missed as they would have been made then, as far back as a month", async () => {
  const history = async (missing: (night: number) => boolean) => {
    const { crm, me, clock } = await salesCrm({ currency: "USD" }, { timeZone: "Europe/Berlin" });
    try {
      const { opportunity, user, forecastSnapshot } = me.entities;
      const [a, b] = await user.createMany([{ name: "A" }, { name: "B" }]);
      await runJobs({ crm, clock }, { until: "2026-01-06T12:00:00Z" });
      for (let night = 0; night < 38; night++) {
        const what = {
          ...{
            name: `D${night}`,
            ownerId: [a!.id, night < 30 ? b!.id : null, null][night % 3] as string | null,
          },
          ...{ amount: usd(`${night}.50`), closeDate: night % 2 ? "2026-03-01" : "2026-05-01" },
        };
        if (night > 1) await opportunity.create(what);
        // Nothing closes for two nights: kept as well.
        else await opportunity.create({ ...what, closeDate: "2027-01-01" });
        if (night % 4 === 3) {
          const { items } = await opportunity.find({
            where: { status: "open" },
            limit: 1,
            orderBy: ["name"],
          });
          await opportunity.moveTo(items[0]!.id, { stage: "won", closeDate: "2026-02-02" });
        }
        if (night === 30) await user.delete(b!.id);
        // Once a day at noon: what an hour has missed is made once.
        clock.advance({ hours: 24 });
        if (!missing(night)) await runJobs({ crm, clock });
      }
      const { items } = await forecastSnapshot.find({
        orderBy: ["day", "period", "ownerKey", "category"],
        limit: 500,
      });
      return items.map(({ day, takenAt, period, ownerKey, category, count, amount, weighted }) =>
        JSON.stringify([day, takenAt, period, ownerKey, category, count, amount, weighted]),
      );
    } finally {
      await crm.stop();
    }
  };
  const then = await history(() => false);
  expect(await history((night) => night === 4 || (night > 20 && night < 37))).toEqual(then);
  // Not more than a month of them.
  const late = await history((night) => night < 37);
  expect(late).toEqual(then.filter((row) => row.slice(2, 12) >= "2026-01-12"));
  expect(then.some((row) => row.startsWith('["2026-01-06') && row.includes("omitted"))).toBe(true);
}, 120_000);
