import { approval, approvalProcess, approvalVote, approve, reject, submit } from "@corm/plugin-workflow";
import { describe, expect, it } from "vitest";
import { storageAt, suiteName } from "../../core/test/support/databases.js";
import { reuse } from "../../core/test/support/reused.js";
import { lead, makeLeads, staff, type WorkflowCrm, workflowCrm } from "./support.js";

const reused = reuse();

/** Apps on one database, as processes of one installation are. */
for (const database of reused.filter(({ name }) => name !== "SQLite in memory")) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("one submission and one decision come of many at the same moment", async () => {
      const { url, drop } = await database.create();
      const apps: WorkflowCrm[] = [];
      for (let seed = 1; seed <= 3; seed++)
        apps.push(await workflowCrm({ approvable: ["lead"] }, { storage: storageAt(url), seed }));
      const [{ me } = {}] = apps;
      if (!me) throw new Error("no app");
      const { people } = await staff(me, 9);
      const as = (n: number) =>
        (apps[n % apps.length] as WorkflowCrm).crm.as({
          ...{ actor: { kind: "user", id: people[n]?.id as string }, tenant: "test", roles: ["admin"] },
          userId: people[n]?.id as string,
        });
      const approvers = people.slice(3).map(({ id }) => ({ kind: "user" as const, id }));
      await me.repo(approvalProcess).create({
        ...{
          name: "All",
          target: "lead",
          onApproved: { status: "qualified" },
          onRejected: { status: "unqualified" },
        },
        steps: [{ name: "Desk", approvers, mode: "quorum", quorum: 3 }],
      });
      for (const id of await makeLeads(me, 5)) {
        const handed = await Promise.allSettled(
          [0, 1, 2].map((n) => as(n).run(submit, { target: "lead", id })),
        );
        expect(handed.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
        const [open] = (await me.repo(approval).find({ where: { recordId: id } })).items;
        const said = await Promise.allSettled(
          [3, 4, 5, 6, 7, 8].map((n) => as(n).run(n % 2 ? approve : reject, {}, { id: open?.id as string })),
        );
        const done = await me.repo(approval).get(open?.id as string);
        const votes = (await me.repo(approvalVote).find({ where: { approvalId: done.id } })).items;
        const count = (decision: string) => votes.filter((vote) => vote.decision === decision).length;
        expect(said.filter(({ status }) => status === "fulfilled")).toHaveLength(
          count("approved") + count("rejected"),
        );
        // Three of six have to agree: three decide it, or four refusals.
        expect([done.state, count("pending")]).toEqual(["approved", 0]);
        expect(count("approved")).toBe(3);
        expect((await me.repo(lead).get(id)).status).toBe("qualified");
      }
      // Who changes a record while it is submitted comes before, or is refused: nothing changes under the approvers.
      for (const id of await makeLeads(me, 12)) {
        const settled = await Promise.allSettled([
          as(1).repo(lead).update(id, { company: "changed" }),
          as(2).run(submit, { target: "lead", id }),
          as(0).repo(lead).update(id, { notes: "changed" }),
        ]);
        const [open] = (await me.repo(approval).find({ where: { recordId: id } })).items;
        expect(open?.state).toBe("pending");
        const record = await me.repo(lead).get(id);
        expect(record.version).toBe(open?.recordVersion);
        const changes = [settled[0], settled[2]].filter(({ status }) => status === "fulfilled").length;
        expect(record.version).toBe(1 + changes);
      }
      for (const { crm } of apps) await crm.stop();
      await drop();
    }, 60_000);
  });
}
