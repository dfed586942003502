import { type BusinessCalendar, type Context, isWorkingTime, teamMember, toInstant } from "@corm/core";
import { type Absence, type Agent, absence, agent } from "../entities/agent.js";
import { assignmentDecision } from "../entities/assignment-decision.js";
import type { AssignmentRule } from "../entities/assignment-rule.js";
import { userSkill } from "../entities/skill.js";
import { TeamTooLarge } from "../errors.js";
import { settingsOf } from "../services/settings.js";
import type { Candidate } from "./select.js";
import { conditionOf, targetOf } from "./target.js";

/** People of one team that a rule chooses among. */
export const MAX_CANDIDATES = 500;
const DAY_MS = 86_400_000;

/** The people of a team as they are at this moment, for one rule: as many queries however many people they are. */
export async function candidatesOf(
  ctx: Context,
  rule: AssignmentRule,
  ownerField: string,
  teamId: string,
): Promise<Candidate[]> {
  const { items: members, next } = await ctx.repo(teamMember).find({
    where: { teamId },
    include: ["user"],
    orderBy: ["id"],
    limit: MAX_CANDIDATES,
  });
  if (next !== null) throw TeamTooLarge({ limit: MAX_CANDIDATES });
  const ids = members.map(({ userId }) => userId);
  if (ids.length === 0) return [];
  const [agents, absences, skills, open, given] = [
    await agentsOf(ctx, ids),
    await absentNow(ctx, ids),
    await skillsOf(ctx, ids),
    await openOf(ctx, rule, ownerField, ids),
    await givenOf(ctx, rule.target, ids),
  ];
  return members.map(({ userId, user }): Candidate => {
    const person = agents.get(userId);
    return {
      userId,
      unavailable: unavailability(user?.active === true, absences.has(userId), person, ctx.clock.now()),
      open: open.get(userId) ?? 0,
      capacity: person?.record.capacity ?? null,
      given: given.get(userId) ?? 0,
      quota: person?.record.dailyQuota ?? null,
      weight: person?.record.weight ?? 1,
      skills: skills.get(userId) ?? new Map(),
    };
  });
}

export interface Person {
  readonly record: Agent;
  readonly calendar: BusinessCalendar | null;
}

/** How the users take work; who says nothing about it is not among them. */
export async function agentsOf(ctx: Context, ids: readonly string[]): Promise<Map<string, Person>> {
  const { calendars } = settingsOf(ctx);
  const { items } = await ctx
    .repo(agent)
    .find({ where: { userId: { in: ids } }, include: ["calendar"], limit: MAX_CANDIDATES });
  return new Map(
    items.map(({ calendar, ...record }) => [
      record.userId,
      { record: record as Agent, calendar: calendar ? calendars.of(calendar) : null },
    ]),
  );
}

function unavailability(
  active: boolean,
  absent: boolean,
  person: Person | undefined,
  now: number,
): Candidate["unavailable"] {
  if (!active) return "inactive";
  if (absent) return "absent";
  if (person?.calendar && !isWorkingTime(person.calendar, now)) return "off-hours";
  return (person?.record.presence ?? "online") === "online" ? null : "offline";
}

/** Absences that go on now, by user. */
export async function absentNow(ctx: Context, ids: readonly string[]): Promise<Map<string, Absence>> {
  const now = ctx.now();
  const going = ctx
    .repo(absence)
    .stream({ where: { userId: { in: ids }, from: { lte: now }, until: { gt: now } } });
  const found = new Map<string, Absence>();
  for await (const one of going) found.set(one.userId, one as Absence);
  return found;
}

async function skillsOf(ctx: Context, ids: readonly string[]): Promise<Map<string, Map<string, number>>> {
  const found = new Map<string, Map<string, number>>();
  const rows = ctx.repo(userSkill).stream({ where: { userId: { in: ids } }, include: ["skill"] });
  for await (const { userId, skill, level } of rows) {
    const own = found.get(userId) ?? new Map<string, number>();
    if (skill) own.set(skill.key, level);
    found.set(userId, own);
  }
  return found;
}

async function openOf(
  ctx: Context,
  { target, open }: AssignmentRule,
  ownerField: string,
  ids: readonly string[],
): Promise<Map<string, number>> {
  const where = { and: [{ [ownerField]: { in: ids } }, conditionOf(open)] };
  const rows = await targetOf(ctx, target).aggregate({
    where: where as never,
    groupBy: [ownerField],
    measures: { n: { count: true } },
    limit: MAX_CANDIDATES,
  });
  return new Map(rows.map((row) => [String((row as Record<string, unknown>)[ownerField]), row.n]));
}

async function givenOf(ctx: Context, target: string, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await ctx.repo(assignmentDecision).aggregate({
    where: {
      userId: { in: ids },
      decidedAt: { gt: toInstant(ctx.clock.now() - DAY_MS) },
      target,
      outcome: "assigned",
    },
    groupBy: ["userId"],
    measures: { n: { count: true } },
    limit: MAX_CANDIDATES,
  });
  return new Map(rows.map(({ userId, n }) => [String(userId), n]));
}
