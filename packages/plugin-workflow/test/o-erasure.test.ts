import { contact, eraseSubject, exportSubject, note } from "@corm/core";
import { runJobs } from "@corm/core/testing";
import {
  approval,
  approvalVote,
  notification,
  webhookDelivery,
  webhookEndpoint,
  workflowRun,
  workflowStep,
} from "@corm/plugin-workflow";
import { expect, it } from "vitest";
import { automated, lead } from "./automated.js";
import { receiver } from "./receiver.js";

const KEPT = [webhookDelivery, workflowRun, workflowStep, notification, approval, approvalVote] as const;

async function started() {
  const there = await receiver();
  const kit = await automated({ net: { allow: [there.host] } });
  const { me, owner } = kit;
  await me.repo(webhookEndpoint).create({
    ...{ name: "There", url: there.url, principalId: owner.id },
    subscriptions: [
      { entity: "lead", operations: ["create", "update"], fields: ["lastName"] },
      { entity: "note", operations: ["create"], fields: ["body"] },
    ],
  });
  await kit.automate({
    trigger: { on: "created", entity: "lead" },
    steps: [{ kind: "notify", to: [owner.id], title: "Call {{ record.lastName }}" }],
  });
  const system = me.asSystem({ reason: "test" });
  /** A lead without any address, and what its plugins keep of it. */
  const seed = async (word: string) => {
    const made = await me.repo(lead).create({ lastName: `${word}-lead` });
    await me.repo(note).create({ entity: "lead", recordId: made.id, body: `${word}-note` });
    await runJobs(kit);
    const run = await me.repo(workflowRun).first({ where: { recordId: made.id } });
    await system.repo(workflowRun).update(run?.id as string, { vars: { said: `${word}-vars` } });
    const step = await me.repo(workflowStep).first({ where: { runId: run?.id as string } });
    await system.repo(workflowStep).update(step?.id as string, { error: `${word}-step` });
    const asked = await system.repo(approval).create({
      ...{ target: "lead", recordId: made.id, processVersion: 1, recordVersion: 1 },
      pinned: { steps: [], editable: [], onApproved: {}, onRejected: {}, onRecalled: {} } as never,
      ...{ state: "approved", submittedById: owner.id, submittedAt: me.now(), comment: `${word}-asks` },
    });
    await system.repo(approvalVote).create({
      ...{ approvalId: asked.id, step: 0, round: 1, approverId: owner.id, decision: "approved" },
      ...{ askedAt: me.now(), comment: `${word}-votes` },
    });
    return made;
  };
  const kept = async (word: string): Promise<string[]> => {
    const rows = await Promise.all(
      KEPT.map(
        async (entity) => (await system.repo(entity as unknown as typeof note).find({ limit: 100 })).items,
      ),
    );
    const texts = JSON.stringify(rows).match(new RegExp(`${word}-\\w+`, "g")) ?? [];
    return [...new Set(texts)].sort();
  };
  return { there, kit, seed, kept };
}

const ALL = ["asks", "lead", "note", "step", "vars", "votes"];

it("O119: what webhooks, runs, notices and approvals hold of an erased person goes, also where no address of his stands in it", async () => {
  const { there, kit, seed, kept } = await started();
  const ada = await seed("ada");
  await seed("bob");
  expect(await kept("ada")).toEqual(ALL.map((part) => `ada-${part}`));
  const certificate = await eraseSubject(kit.me, { entity: "lead", id: ada.id });
  expect(certificate.state).toBe("done");
  expect(await kept("ada")).toEqual([]);
  expect(await kept("bob")).toEqual(ALL.map((part) => `bob-${part}`));
  await kit.crm.stop();
  await there.close();
});

it("O119: so it does where the person was purged before", async () => {
  const { there, kit, seed, kept } = await started();
  const ada = await seed("ada");
  await kit.me.repo(lead).purge(ada.id);
  await eraseSubject(kit.me, { entity: "lead", id: ada.id });
  expect(await kept("ada")).toEqual([]);
  await kit.crm.stop();
  await there.close();
});

it("O121: an export has what webhooks, runs, notices and approvals hold of the person, and of nobody else", async () => {
  const { there, kit, seed } = await started();
  const ada = await seed("ada");
  await seed("bob");
  await kit.me.repo(contact).create({ lastName: "bob-contact" });
  let text = "";
  for await (const line of exportSubject(kit.me, { entity: "lead", id: ada.id })) text += line;
  for (const part of ALL) expect(text).toContain(`ada-${part}`);
  expect(text).not.toContain("bob-");
  await kit.crm.stop();
  await there.close();
});
