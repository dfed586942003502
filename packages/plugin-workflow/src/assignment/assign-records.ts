import type { AssignmentOrder, Context } from "@corm/core";
import { type AssignmentDecisionInput, assignmentDecision } from "../entities/assignment-decision.js";
import { assignmentLane } from "../entities/assignment-lane.js";
import type { AssignmentRule } from "../entities/assignment-rule.js";
import { TooManyRecords } from "../errors.js";
import { activeOf } from "./active-users.js";
import { candidatesOf } from "./candidates.js";
import { lockLane } from "./lane.js";
import { matchRules } from "./match-rules.js";
import { preferences } from "./preferences.js";
import { watchReturn } from "./return-timer.js";
import { type Candidate, type Choice, FIRST_TURN, select, type Turn } from "./select.js";
import { ownerFieldOf, type TargetRow, targetOf, teamFieldOf } from "./target.js";
import { territoriesOf } from "./territories-of.js";
import { keepWaiting, waitingSince } from "./waiting.js";

/** Records of one call: they are given out in one transaction. */
export const MAX_RECORDS = 500;
const MINUTE_MS = 60_000;

export type AssignmentRequest = AssignmentOrder;
export type AssignmentCause = AssignmentOrder["cause"];

export type Decision = Omit<AssignmentDecisionInput, "decidedAt">;

/**
 * Gives records to people by the rules of the tenant, in one transaction and one after another: turns, capacities and
 * quotas are exact, and nobody gets a record that another process has given away meanwhile. With the rights of the system.
 *
 * @throws assignment-target-unknown, team-too-large, too-many-records
 */
export function assignRecords(ctx: Context, request: AssignmentRequest): Promise<Decision[]> {
  const { target, preview = false } = request;
  const system = ctx.asSystem({ capability: "workflow.assignment", reason: `assign ${target} records` });
  return system.transaction(async (tx) => {
    const lane = await lockLane(tx, target);
    const session = new Handing(tx, request, lane.turns as Readonly<Record<string, Turn>>);
    const decisions = await session.decide();
    if (preview || decisions.length === 0) return decisions;
    await session.write(decisions);
    await tx.repo(assignmentLane).update(lane.id, { turns: session.turns });
    return decisions;
  });
}

/** Giving out the records of one request. A class: turns and loads move on with every record. */
class Handing {
  readonly turns: Record<string, Turn>;
  readonly #tx: Context;
  readonly #ownerField: string;
  readonly #request: AssignmentRequest;
  /** By team, and by whose records count. */
  readonly #candidates = new Map<string, Candidate[]>();
  readonly #rules = new Map<string, AssignmentRule>();
  readonly #rows = new Map<string, TargetRow>();
  readonly #teamField: string | null;
  /** How many more users may get, of those who were asked for. */
  readonly #room = new Map<string, number>();
  #within: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(tx: Context, request: AssignmentRequest, turns: Readonly<Record<string, Turn>>) {
    this.#tx = tx;
    this.#request = request;
    this.#ownerField = ownerFieldOf(tx, request.target);
    this.#teamField = teamFieldOf(tx, request.target);
    this.turns = { ...turns };
  }

  async decide(): Promise<Decision[]> {
    const { target, ids, takeFrom, cause } = this.#request;
    const tx = this.#tx;
    const wanted = [...new Set(ids)];
    if (wanted.length > MAX_RECORDS) throw TooManyRecords({ limit: MAX_RECORDS });
    const { items } = await targetOf(tx, target).find({ where: { id: { in: wanted } }, limit: MAX_RECORDS });
    for (const row of items) this.#rows.set(row.id, row);
    const found = await matchRules(
      tx,
      target,
      wanted.filter((id) => this.#rows.has(id)),
    );
    for (const [id, rule] of found) this.#rules.set(id, rule);
    const unowned = wanted.filter((id) => this.#isFree(id, takeFrom));
    const since = await waitingSince(tx, target, unowned);
    // What was withdrawn since it was looked up is not tried again.
    const free = cause === "retried" ? unowned.filter((id) => since.has(id)) : unowned;
    const [prefers, within] = [
      await preferences(tx, target, free, this.#rows, found),
      await territoriesOf(tx, target, free, found),
    ];
    this.#within = within;
    const decisions: Decision[] = [];
    for (const id of free) decisions.push(await this.#decideOne(id, since.get(id), prefers.get(id) ?? []));
    return decisions;
  }

  async write(decisions: readonly Decision[]): Promise<void> {
    const tx = this.#tx;
    const { target } = this.#request;
    const assigned = decisions.filter(({ outcome }) => outcome === "assigned");
    const changes = assigned.map(({ recordId, userId }) => {
      const { version } = this.#rows.get(recordId) as TargetRow;
      return { id: recordId, version, patch: { [this.#ownerField]: userId } };
    });
    const rows = changes.length === 0 ? [] : await targetOf(tx, target).updateMany(changes);
    // That it goes on waiting is known: a record that waits for a week is not ten thousand decisions.
    const news = decisions.filter(({ outcome, cause }) => outcome !== "waiting" || cause !== "retried");
    await tx.repo(assignmentDecision).createMany(news.map((one) => ({ ...one, decidedAt: tx.now() })));
    // What nobody else can take stays with whom it was to be taken from.
    if (this.#request.takeFrom === undefined && !this.#request.once) await keepWaiting(tx, target, decisions);
    await watchReturn(tx, target, this.#ownerField, rows, this.#rules);
  }

  /** Nobody has it, or the one whom it is to be taken from. */
  #isFree(id: string, takeFrom: string | undefined): boolean {
    const row = this.#rows.get(id);
    if (!row) return false;
    const owner = row[this.#ownerField] ?? null;
    return takeFrom === undefined ? owner === null : owner === takeFrom;
  }

  async #decideOne(
    recordId: string,
    since: string | undefined,
    prefers: readonly string[],
  ): Promise<Decision> {
    const { target, cause, takeFrom } = this.#request;
    const rule = this.#rules.get(recordId);
    const common = { target, recordId, cause, ...(takeFrom === undefined ? {} : { fromUserId: takeFrom }) };
    if (!rule) return { ...common, outcome: "unmatched", considered: [] };
    const waited = since === undefined ? 0 : (this.#tx.clock.now() - Date.parse(since)) / MINUTE_MS;
    const { userId, by, considered } = await this.#choose(rule, waited, prefers, {
      takeFrom,
      teamId: this.#teamOf(recordId) ?? rule.teamId,
      within: rule.strategy === "territory" ? (this.#within.get(recordId) ?? []) : undefined,
    });
    return {
      ...common,
      outcome: userId === null ? "waiting" : "assigned",
      ruleId: rule.id,
      ruleVersion: rule.version,
      ...(userId === null ? {} : { userId, by: by as string }),
      considered: [...considered],
    };
  }

  async #choose(
    rule: AssignmentRule,
    waited: number,
    prefers: readonly string[],
    {
      takeFrom,
      teamId: own,
      within,
    }: {
      readonly takeFrom: string | undefined;
      readonly teamId: string;
      readonly within: readonly string[] | undefined;
    },
  ): Promise<{ userId: string | null; by: string | null; considered: Choice["considered"] }> {
    const requires = rule.requires.filter(
      ({ relaxAfterMinutes }) => relaxAfterMinutes === undefined || waited < relaxAfterMinutes,
    );
    const work = {
      requires,
      prefers,
      excludes: takeFrom === undefined ? [] : [takeFrom],
      ...(within === undefined ? {} : { within }),
    };
    const considered: Choice["considered"][number][] = [];
    const overflows = rule.overflowTeamId !== null && waited >= rule.overflowAfterMinutes;
    for (const teamId of [own, ...(overflows ? [rule.overflowTeamId as string] : [])]) {
      const candidates = await this.#team(rule, teamId);
      const key = `${rule.id}/${teamId}`;
      const capped = candidates.flatMap(({ userId }) => ((this.#room.get(userId) ?? 1) > 0 ? [] : [userId]));
      const choice = select(rule.strategy, candidates, { ...work, capped }, this.turns[key] ?? FIRST_TURN);
      considered.push(...choice.considered);
      if (choice.userId === null) continue;
      this.turns[key] = choice.turn;
      this.#took(choice.userId);
      return { userId: choice.userId, by: choice.by, considered };
    }
    const { fallbackUserId } = rule;
    const able = fallbackUserId !== null && fallbackUserId !== takeFrom;
    if (!able || !(await activeOf(this.#tx, [fallbackUserId])).has(fallbackUserId))
      return { userId: null, by: null, considered };
    return {
      userId: fallbackUserId,
      by: "fallback",
      considered: [...considered, { userId: fallbackUserId, passedOver: null }],
    };
  }

  /** Where the request or the record names a team, that one is asked instead of the rule's. */
  #teamOf(recordId: string): string | null {
    if (this.#request.teamId !== undefined) return this.#request.teamId;
    const named = this.#teamField === null ? null : this.#rows.get(recordId)?.[this.#teamField];
    return typeof named === "string" ? named : null;
  }

  async #team(rule: AssignmentRule, teamId: string): Promise<readonly Candidate[]> {
    const key = `${teamId}/${JSON.stringify(rule.open)}`;
    let candidates = this.#candidates.get(key);
    if (!candidates) {
      candidates = await candidatesOf(this.#tx, rule, this.#ownerField, teamId);
      await this.#askRoom(candidates);
      this.#candidates.set(key, candidates);
    }
    return candidates;
  }

  async #askRoom(candidates: readonly Candidate[]): Promise<void> {
    const unknown = candidates.map(({ userId }) => userId).filter((id) => !this.#room.has(id));
    const room = unknown.length > 0 ? await this.#request.room?.(this.#tx, unknown) : undefined;
    if (room) for (const id of unknown) this.#room.set(id, room.get(id) ?? Number.POSITIVE_INFINITY);
  }

  /** One more for him, in every team that he is in. */
  #took(userId: string): void {
    const left = this.#room.get(userId);
    if (left !== undefined) this.#room.set(userId, left - 1);
    for (const candidates of this.#candidates.values()) {
      const at = candidates.findIndex((candidate) => candidate.userId === userId);
      const own = candidates[at];
      if (own) candidates[at] = { ...own, open: own.open + 1, given: own.given + 1 };
    }
  }
}
