import { crmCore, defineRole, type StorageAdapter } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { type LeadPoolInput, leads } from "../src/index.js";

/** Sees its own leads, and pools of its team. */
const rep = defineRole({
  name: "rep",
  entities: {
    lead: { read: "own", update: "own" },
    leadPool: { read: "team" },
    leadHolding: { read: "parent" },
    user: { read: "all" },
    activity: { read: "own", create: "own" },
  },
  permissions: ["leadPool.browse", "leadPool.claim", "leadPool.release"],
});

export const poolCrm = (options: { storage?: StorageAdapter; seed?: number } = {}) =>
  createTestCrm({ ...options, plugins: [crmCore(), leads()], roles: [rep] });
export type PoolCrm = Awaited<ReturnType<typeof poolCrm>>;

/** A pool of a team with so many people, and a session for each. */
export async function poolOf({ me, crm }: PoolCrm, people: number, terms: Partial<LeadPoolInput> = {}) {
  const team = await me.entities.team.create({ name: "Desk" });
  const pool = await me.entities.leadPool.create({ name: "Sea", teamId: team.id, ...terms });
  const users = await me.entities.user.createMany(
    Array.from({ length: people }, (_, n) => ({ name: `Rep ${n}` })),
  );
  await me.entities.teamMember.createMany(users.map(({ id }) => ({ teamId: team.id, userId: id })));
  const as = (id: string, app: PoolCrm["crm"] = crm) =>
    app.as({ actor: { kind: "user", id }, userId: id, tenant: "test", roles: ["rep"] });
  return { pool, users, as, reps: users.map(({ id }) => as(id)) };
}

export async function fill({ me }: PoolCrm, poolId: string, count: number): Promise<string[]> {
  const made = await me.entities.lead.createMany(
    Array.from({ length: count }, (_, n) => ({
      lastName: `Lead ${n}`,
      email: `lead${n}@example.com`,
      phone: `+49 30 12345${n}`,
    })),
  );
  const ids = made.map(({ id }) => id);
  for (let start = 0; start < ids.length; start += 200)
    await me.entities.leadPool.put({ poolId, leadIds: ids.slice(start, start + 200) });
  return ids;
}
