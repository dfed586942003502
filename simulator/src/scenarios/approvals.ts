import { type AnyPlugin, crmCore, defineEntity, definePlugin, Type, user, withDefault } from "@corm/core";
import {
  type ApprovalVote,
  approval,
  approvalProcess,
  approvalVote,
  approve,
  recall,
  reject,
  submit,
  verdictOf,
  workflow,
} from "@corm/plugin-workflow";
import type { App, Play, Scenario } from "../scenario.js";
import { Violation, type World } from "../world.js";

const paper = defineEntity("paper", {
  fields: {
    note: Type.Integer(),
    status: withDefault(Type.String({ maxLength: 20 }), "draft"),
  },
});

const WANTED = 30;
const MOST = 500;
const PEOPLE = 6;
const TENANT = "a";
const MINUTE_MS = 60_000;
/** Minutes of the two steps. */
const DESK = 3;
const BOARD = 2;

/** Papers that are submitted, voted on, taken back and left to their timeouts: one outcome each, nothing changed meanwhile. */
export const approvals: Scenario = { name: "approvals", processes: 2, play: playOf };

function playOf(world: World): Play {
  const people: string[] = [];
  const papers: string[] = [];
  let begun = 0;

  const as = (crm: App, n: number) =>
    crm.as({
      actor: { kind: "user", id: people[n] as string },
      userId: people[n] as string,
      tenant: TENANT,
      roles: ["admin"],
    });

  async function prepare(crm: App): Promise<void> {
    const me = crm.as({ actor: { kind: "user", id: "sim" }, tenant: TENANT, roles: ["admin"] });
    for (let n = 0; n < PEOPLE; n++) people.push((await me.repo(user).create({ name: `Person ${n}` })).id);
    const asks = (n: number) => ({ kind: "user" as const, id: people[n] as string });
    await me.repo(approvalProcess).create({
      name: "Two steps",
      target: paper.name,
      onSubmitted: { status: "submitted" },
      onApproved: { status: "approved" },
      onRejected: { status: "rejected" },
      onRecalled: { status: "draft" },
      steps: [
        {
          name: "Desk",
          approvers: [asks(1), asks(2)],
          mode: "unanimous",
          timeoutMinutes: DESK,
          onTimeout: "approve",
        },
        {
          name: "Board",
          approvers: [asks(3), asks(4), asks(5)],
          mode: "quorum",
          quorum: 2,
          onReject: "back",
          timeoutMinutes: BOARD,
          onTimeout: "approve",
        },
      ],
    });
  }

  async function request(crm: App): Promise<void> {
    begun += 1;
    const me = as(crm, 0);
    const what = world.chance.below(10);
    // Minutes go by as well.
    if (world.chance.is(0.3)) world.pass(world.chance.below(MINUTE_MS));
    if (what === 0 || papers.length === 0) {
      papers.push((await me.repo(paper).create({ note: begun })).id);
      return;
    }
    const id = world.chance.pick(papers);
    if (what < 3) {
      await me.run(submit, { target: paper.name, id });
      return;
    }
    if (what === 3) {
      await me.repo(paper).update(id, { note: begun });
      return;
    }
    const open = await me
      .repo(approval)
      .first({ where: { state: "pending" }, orderBy: ["submittedAt", "id"] });
    if (!open) return;
    if (what === 4) await me.run(recall, {}, { id: open.id });
    else {
      const voter = 1 + world.chance.below(PEOPLE - 1);
      await as(crm, voter).run(world.chance.is(0.7) ? approve : reject, {}, { id: open.id });
    }
  }

  return {
    prepare,
    plugins: (): AnyPlugin[] => [
      crmCore() as AnyPlugin,
      definePlugin({
        name: "sim",
        version: "1.0.0",
        corm: "^0.1",
        setup: () => ({ entities: { paper } }),
      })(),
      workflow({ approvable: [paper.name] }) as AnyPlugin,
    ],
    fibers: (crm) => [
      { name: "serve", act: () => (begun < MOST ? request(crm) : Promise.resolve()) },
      { name: "work", act: () => crm.worker({ concurrency: 2 }).run() },
    ],
    isOver: () => begun >= WANTED,
    async finish(crm) {
      await crm.worker().run();
      const dead = await as(crm, 0).jobs.list({ state: "dead", limit: 1 });
      if (dead.items[0]) throw new Violation(`dead: ${dead.items[0].name}: ${dead.items[0].error}`);
      world.pass(MINUTE_MS);
      return (await as(crm, 0).repo(approval).count({ state: "pending" })) > 0;
    },
    async check(crm) {
      const me = as(crm, 0);
      const rounds = new Map<string, ApprovalVote[]>();
      for await (const vote of me.repo(approvalVote).stream({ orderBy: ["askedAt", "id"] })) {
        const key = `${vote.approvalId} ${vote.round}`;
        rounds.set(key, [...(rounds.get(key) ?? []), vote as ApprovalVote]);
      }
      const last = new Map<string, string>();
      for await (const one of me.repo(approval).stream({ orderBy: ["submittedAt", "id"] })) {
        if (one.lock !== null) throw new Violation(`approval ${one.id} is ${one.state} and holds its paper`);
        last.set(one.recordId, one.state);
        for (let round = 1; round <= one.round; round++) {
          const votes = rounds.get(`${one.id} ${round}`) ?? [];
          const [first] = votes;
          if (!first) throw new Violation(`nobody was asked in round ${round} of ${one.id}`);
          if (votes.some(({ decision }) => decision === "pending"))
            throw new Violation(`somebody is asked although ${one.id} went on`);
          checkEnd(
            one,
            votes,
            rounds.get(`${one.id} ${round + 1}`)?.[0]?.askedAt ?? (one.finishedAt as string),
          );
        }
      }
      const outcome: Record<string, string> = {
        approved: "approved",
        rejected: "rejected",
        recalled: "draft",
      };
      for await (const { id, status } of me.repo(paper).stream({})) {
        const wanted = outcome[last.get(id) ?? "recalled"];
        if (status !== wanted)
          throw new Violation(`paper ${id} is ${status}, and its last approval says ${wanted}`);
      }
      await checkLocks(me);
    },
  };
}

type Found = {
  readonly id: string;
  readonly state: string;
  readonly round: number;
  readonly pinned: { steps: readonly unknown[] };
};

/** A round ends by its votes, by being taken back, or when its time is up, and not before. */
function checkEnd(one: Found, votes: readonly ApprovalVote[], end: string): void {
  const [{ step, round, askedAt }] = votes as [ApprovalVote];
  if (one.state === "recalled" && round === one.round) return;
  const counted = votes.map(({ decision }) => (decision === "void" ? "pending" : decision)) as "pending"[];
  if (verdictOf(one.pinned.steps[step] as never, counted) !== "open") return;
  const minutes = (Date.parse(end) - Date.parse(askedAt)) / MINUTE_MS;
  if (minutes < (step === 0 ? DESK : BOARD))
    throw new Violation(`round ${round} of ${one.id} ended without votes after ${minutes} minutes`);
}

/** As the journal has it: between submission and decision nobody wrote on a paper. */
async function checkLocks(me: ReturnType<App["as"]>): Promise<void> {
  const locked = new Map<string, string>();
  for (let after: string | null = null; ; ) {
    const { items, next } = await me.changes({ after, limit: 500 });
    if (items.length === 0) return;
    after = next;
    for (const { entity, record, operation, changes } of items) {
      const value = (field: string) => changes?.[field]?.[1];
      if (entity === approval.name && operation === "create")
        locked.set(value("recordId") as string, record as string);
      if (entity === approval.name && changes?.["lock"] && value("lock") === null)
        for (const [id, by] of locked) if (by === record) locked.delete(id);
      if (
        entity === paper.name &&
        operation === "update" &&
        changes?.["note"] &&
        locked.has(record as string)
      )
        throw new Violation(`somebody wrote on paper ${record} while it was with its approvers`);
    }
  }
}
