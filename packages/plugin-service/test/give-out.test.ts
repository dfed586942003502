import { crmCore, defineRole, grant, type StorageAdapter, team, teamMember, user } from "@corm/core";
import { createTestCrm, runJobs, type TestCrmOptions } from "@corm/core/testing";
import { giveOutQueue, queue, service, ticket } from "@corm/plugin-service";
import {
  agent,
  assignmentDecision,
  assignmentRule,
  skill,
  userSkill,
  type WorkflowOptions,
  workflow,
} from "@corm/plugin-workflow";
import { describe, expect, it } from "vitest";
import { databases, storageAt, suiteName } from "../../core/test/support/databases.js";
import { MAILBOX, receive, serviceCrm } from "./support.js";

type Plugins = readonly [ReturnType<typeof crmCore>, ReturnType<typeof service>, ReturnType<typeof workflow>];
type Rest = Partial<Omit<TestCrmOptions<Plugins>, "plugins">>;

async function desk(options?: WorkflowOptions, rest: Rest = {}) {
  const kit = await createTestCrm<Plugins>({ ...rest, plugins: [crmCore(), service(), workflow(options)] });
  const { me } = kit;
  const people = await me.repo(user).createMany([{ name: "Ada" }, { name: "Joan" }, { name: "Grace" }]);
  const [ada = "", joan = "", grace = ""] = people.map(({ id }) => id);
  const first = await me.repo(team).create({ name: "First line" });
  const printers = await me.repo(team).create({ name: "Printers" });
  await me.repo(teamMember).createMany([
    { teamId: first.id, userId: ada },
    { teamId: first.id, userId: joan },
    { teamId: printers.id, userId: grace },
  ]);
  const rule = (input: object = {}) =>
    me.repo(assignmentRule).create({
      ...{ name: "Tickets", target: "ticket", teamId: first.id, open: { status: "open" } },
      ...input,
    });
  const queueOf = (input: object = {}) => me.repo(queue).create({ name: "Support", ...input });
  const why = async (recordId: string) =>
    (await me.repo(assignmentDecision).find({ where: { recordId }, orderBy: ["decidedAt", "id"] })).items;
  return { ...kit, ada, joan, grace, first, printers, rule, queueOf, why };
}

const ownerOf = async ({ me }: Awaited<ReturnType<typeof desk>>, id: string) =>
  (await me.repo(ticket).get(id)).ownerId;

describe("a ticket", () => {
  it("that comes by mail is given to somebody of its queue's team, and the decision says why", async () => {
    const kit = await desk();
    const { me, rule, grace, queueOf, printers, why } = kit;
    await rule();
    const box = await queueOf({ teamId: printers.id });
    await me.entities.mailbox.create({ address: MAILBOX, queueId: box.id });
    const { ticketId } = await receive(me as never, {});
    const made = await me.repo(ticket).get(ticketId as string);
    expect(made).toMatchObject({ ownerId: grace, teamId: printers.id, queueId: box.id });
    expect(await why(made.id)).toMatchObject([
      { outcome: "assigned", cause: "created", by: "roundRobin", userId: grace },
    ]);
    await kit.crm.stop();
  });

  it("goes to who has the skill and room for it, waits otherwise, and finds somebody later", async () => {
    const kit = await desk();
    const { me, rule, ada, joan, why } = kit;
    const { id: skillId } = await me.repo(skill).create({ key: "swedish", name: "Swedish" });
    await me.repo(userSkill).create({ userId: joan, skillId, level: 5 });
    await me.repo(agent).create({ userId: joan, capacity: 1 });
    await rule({ requires: [{ skill: "swedish", level: 3 }] });
    const [a, b] = await me.repo(ticket).createMany([{ subject: "A" }, { subject: "B" }]);
    expect([await ownerOf(kit, a!.id), await ownerOf(kit, b!.id)]).toEqual([joan, null]);
    const [decision] = await why(b!.id);
    expect(decision).toMatchObject({ outcome: "waiting" });
    expect(new Map(decision!.considered.map((one) => [one.userId, one.passedOver]))).toEqual(
      new Map([
        [ada, "skill:swedish"],
        [joan, "full"],
      ]),
    );
    await me.repo(ticket).update(a!.id, { status: "resolved" });
    await runJobs(kit, { for: { minutes: 2 } });
    expect(await ownerOf(kit, b!.id)).toBe(joan);
    await kit.crm.stop();
  });

  it("that waits in a queue from which people take tickets by now is given to nobody", async () => {
    const kit = await desk();
    const { me, rule, ada, joan, queueOf } = kit;
    await rule();
    const agents = await me
      .repo(agent)
      .createMany([ada, joan].map((userId) => ({ userId, presence: "offline" as const })));
    const [box, other] = [await queueOf(), await queueOf({ name: "Other" })];
    const rows = await me
      .repo(ticket)
      .createMany([box, other].map(({ id }) => ({ subject: "Waits", queueId: id })));
    await me.repo(queue).update(box.id, { givesOut: false });
    for (const { id } of agents) await me.repo(agent).update(id, { presence: "online" });
    await runJobs(kit, { for: { minutes: 2 } });
    expect(await ownerOf(kit, rows[0]!.id)).toBeNull();
    expect(await ownerOf(kit, rows[1]!.id)).not.toBeNull();
    await kit.crm.stop();
  });

  it("that belongs to somebody, is done, or stands where people take tickets, is given to nobody", async () => {
    const kit = await desk();
    const { me, rule, ada, queueOf, first } = kit;
    await rule();
    const byHand = await queueOf({ name: "By hand", givesOut: false, teamId: first.id });
    const rows = await me
      .repo(ticket)
      .createMany([
        { subject: "Owned", ownerId: ada },
        { subject: "Done", status: "closed" },
        { subject: "By hand", queueId: byHand.id },
        { subject: "Free" },
      ]);
    const owners = [];
    for (const { id } of rows) owners.push(await ownerOf(kit, id));
    expect(owners.map((owner) => owner !== null)).toEqual([true, false, false, true]);
    expect(await me.repo(assignmentDecision).count()).toBe(1);
    // By hand as well, once somebody says so.
    const asked = { queueId: byHand.id };
    const preview = await me.run(giveOutQueue, { ...asked, preview: true });
    expect(preview.decisions).toMatchObject([{ ticketId: rows[2]!.id, outcome: "assigned" }]);
    expect(await ownerOf(kit, rows[2]!.id)).toBeNull();
    await me.run(giveOutQueue, asked);
    expect(await ownerOf(kit, rows[2]!.id)).toBe(preview.decisions[0]!.userId);
    expect((await me.run(giveOutQueue, asked)).decisions).toEqual([]);
    await kit.crm.stop();
  });

  it("that comes into another queue goes to that queue's team, and keeps whom it has", async () => {
    const kit = await desk();
    const { me, rule, ada, grace, queueOf, first, printers } = kit;
    await rule();
    const [from, to] = [
      await queueOf({ name: "From", givesOut: false, teamId: first.id }),
      await queueOf({ name: "To", teamId: printers.id }),
    ];
    const [free, held, named] = await me.repo(ticket).createMany([
      { subject: "Free", queueId: from.id },
      { subject: "Held", queueId: from.id, ownerId: ada },
      { subject: "Named", queueId: from.id, ownerId: ada },
    ]);
    await me.repo(ticket).updateMany([
      { id: free!.id, patch: { queueId: to.id } },
      { id: held!.id, patch: { queueId: to.id } },
      { id: named!.id, patch: { queueId: to.id, teamId: first.id } },
    ]);
    const { items } = await me.repo(ticket).find({ orderBy: ["number"] });
    expect(items.map(({ ownerId, teamId }) => [ownerId, teamId])).toEqual([
      [grace, printers.id],
      [ada, printers.id],
      [ada, first.id],
    ]);
    await me.repo(ticket).update(free!.id, { queueId: null });
    expect(await me.repo(ticket).get(free!.id)).toMatchObject({ ownerId: grace, teamId: null });
    await kit.crm.stop();
  });

  it("is moved to the queue of another team by whoever may hand it on, and by nobody else", async () => {
    const role = (name: string, transfer: object) =>
      defineRole({
        name,
        entities: {
          ...grant(ticket, { read: "team", update: "team", ...transfer }),
          ...grant(queue, { read: "all" }),
          ...grant(team, { read: "all" }),
        },
      });
    const roles = [role("hands", { transfer: "team" }), role("keeps", {}), role("owns", { transfer: "own" })];
    const kit = await desk(undefined, { roles });
    const { crm, me, ada, queueOf, first, printers } = kit;
    const [from, to] = [
      await queueOf({ teamId: first.id }),
      await queueOf({ name: "To", teamId: printers.id }),
    ];
    const asRole = (role: string) =>
      crm.as({ actor: { kind: "user", id: ada }, tenant: "test", roles: [role] });
    const { id } = await me.repo(ticket).create({ subject: "Jam", queueId: from.id });
    for (const role of ["keeps", "owns"])
      await expect(asRole(role).repo(ticket).update(id, { queueId: to.id })).rejects.toMatchObject({
        status: 403,
      });
    expect(await me.repo(ticket).get(id)).toMatchObject({
      queueId: from.id,
      teamId: first.id,
      ownerId: null,
    });
    await asRole("hands").repo(ticket).update(id, { queueId: to.id });
    expect(await me.repo(ticket).get(id)).toMatchObject({ queueId: to.id, teamId: printers.id });
    await expect(asRole("hands").repo(ticket).update(id, { queueId: from.id })).rejects.toMatchObject({
      status: 404,
    });
    await kit.crm.stop();
  });

  it("that is resolved, or is for other hands, while it waits, is looked after no more", async () => {
    const kit = await desk();
    const { me, rule, ada, joan, queueOf } = kit;
    await me.repo(agent).createMany([ada, joan].map((userId) => ({ userId, presence: "offline" as const })));
    await rule();
    const byHand = await queueOf({ givesOut: false });
    const [done, moved, waits] = await me
      .repo(ticket)
      .createMany([{ subject: "Done" }, { subject: "Moved" }, { subject: "Waits" }]);
    await me.repo(ticket).update(done!.id, { status: "resolved" });
    await me.repo(ticket).update(moved!.id, { queueId: byHand.id });
    const { items } = await me.repo(agent).find();
    await me.repo(agent).updateMany(items.map(({ id }) => ({ id, patch: { presence: "online" } })));
    await runJobs(kit, { for: { minutes: 3 } });
    expect([await ownerOf(kit, done!.id), await ownerOf(kit, moved!.id)]).toEqual([null, null]);
    expect(await ownerOf(kit, waits!.id)).not.toBeNull();
    // Opened again, it finds somebody at once.
    await me.entities.ticket.reopen(done!.id, {});
    expect(await ownerOf(kit, done!.id)).not.toBeNull();
    await kit.crm.stop();
  });

  it("is decided about once where the workflow plugin gives out what is made", async () => {
    const kit = await desk({ assignOnCreate: ["ticket"] });
    await kit.rule();
    const { id } = await kit.me.repo(ticket).create({ subject: "A" });
    expect(await kit.why(id)).toHaveLength(1);
    await kit.crm.stop();
  });

  it("waits where no plugin keeps rules, and nobody is asked for them by their queue", async () => {
    const { crm, me } = await serviceCrm();
    const { id: queueId } = await me.repo(queue).create({ name: "Support" });
    await me.repo(ticket).create({ subject: "A", queueId });
    await expect(me.run(giveOutQueue, { queueId })).rejects.toMatchObject({ code: "no-ticket-rules" });
    const clerk = crm.as({ actor: { kind: "user", id: "clerk" }, tenant: "test", roles: [] });
    await expect(clerk.run(giveOutQueue, { queueId })).rejects.toMatchObject({ code: "forbidden" });
    await crm.stop();
  });
});

for (const database of databases.filter(({ name }) => name !== "SQLite in memory")) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("gives each of many tickets to one, whatever processes take them in, and nobody more than he can have", async () => {
      const { url, drop } = await database.create();
      const open = (storage: StorageAdapter) => desk(undefined, { storage });
      const kit = await open(storageAt(url));
      const { me } = kit;
      await me.repo(agent).createMany([
        { userId: kit.ada, capacity: 4 },
        { userId: kit.joan, capacity: 6 },
      ]);
      await kit.rule();
      const other = await createTestCrm<Plugins>({
        storage: storageAt(url),
        // Another process: ids of its own.
        seed: 2,
        plugins: [crmCore(), service(), workflow()],
      });
      const made = await Promise.all(
        Array.from({ length: 16 }, (_, n) =>
          (n % 2 ? me : other.me).repo(ticket).create({ subject: `Ticket ${n}` }),
        ),
      );
      const ids = made.map(({ id }) => id);
      const { items } = await me.repo(ticket).find({ where: { id: { in: ids } }, limit: 50 });
      const had = (userId: string | null) => items.filter(({ ownerId }) => ownerId === userId).length;
      expect([had(kit.ada), had(kit.joan), had(null)]).toEqual([4, 6, 6]);
      const assigned = await me
        .repo(assignmentDecision)
        .find({ where: { outcome: "assigned" }, limit: 50, orderBy: ["id"] });
      expect(new Set(assigned.items.map(({ recordId }) => recordId)).size).toBe(10);
      expect(assigned.items).toHaveLength(10);
      await other.crm.stop();
      await kit.crm.stop();
      await drop();
    }, 60_000);
  });
}
