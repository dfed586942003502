import { type Context, type Page, roleAssignment, teamMember, user } from "@corm/core";
import { activeOf } from "../assignment/active-users.js";
import { absentNow } from "../assignment/candidates.js";
import type { TargetRow } from "../assignment/target.js";
import type { ApprovalStep, Approver } from "../entities/approval-process.js";
import { TeamTooLarge } from "../errors.js";

/** People who are asked in one step. */
const MAX_APPROVERS = 200;

export interface Asked {
  readonly approverId: string;
  /** For whom he acts. */
  readonly onBehalfOfId: string | null;
}

/**
 * Who is asked in a step: active users, and for the absent ones their substitutes. Never the submitter: nobody approves
 * what is his own.
 *
 * @throws team-too-large
 */
export async function approversOf(
  ctx: Context,
  step: ApprovalStep,
  record: TargetRow,
  submitterId: string,
): Promise<Asked[]> {
  const named = new Set<string>();
  for (const one of step.approvers)
    for (const id of await usersOf(ctx, one, record, submitterId)) named.add(id);
  named.delete(submitterId);
  const ids = [...named];
  if (ids.length > MAX_APPROVERS) throw TeamTooLarge({ limit: MAX_APPROVERS });
  if (ids.length === 0) return [];
  const absences = await absentNow(ctx, ids);
  const substitutes = [...absences.values()].flatMap(({ substituteId }) => substituteId ?? []);
  const active = await activeOf(ctx, [...ids, ...substitutes]);
  const asked = new Map<string, Asked>();
  for (const id of ids) {
    const absence = absences.get(id);
    if (!absence && active.has(id)) asked.set(id, { approverId: id, onBehalfOfId: null });
  }
  for (const id of ids) {
    const substitute = absences.get(id)?.substituteId;
    if (!substitute || substitute === submitterId || !active.has(substitute) || asked.has(substitute))
      continue;
    asked.set(substitute, { approverId: substitute, onBehalfOfId: id });
  }
  return [...asked.values()].sort((a, b) => (a.approverId < b.approverId ? -1 : 1));
}

async function usersOf(
  ctx: Context,
  approver: Approver,
  record: TargetRow,
  submitterId: string,
): Promise<string[]> {
  switch (approver.kind) {
    case "user":
      return [approver.id];
    case "field": {
      const value = record[approver.field];
      return typeof value === "string" ? [value] : [];
    }
    case "role": {
      const where = { role: approver.role };
      return few(await ctx.repo(roleAssignment).find({ where, orderBy: ["userId"], limit: MAX_APPROVERS }));
    }
    case "team": {
      const where = { teamId: approver.id };
      return few(await ctx.repo(teamMember).find({ where, orderBy: ["userId"], limit: MAX_APPROVERS }));
    }
    case "manager":
      return managerOf(ctx, submitterId, approver.levels ?? 1);
  }
}

/** All of them: whoever is left out would not be waited for. @throws team-too-large */
function few({ items, next }: Page<{ readonly userId: string }>): string[] {
  if (next !== null) throw TeamTooLarge({ limit: MAX_APPROVERS });
  return items.map(({ userId }) => userId);
}

/** The manager so many levels up; nobody where the line ends before. */
async function managerOf(ctx: Context, userId: string, levels: number): Promise<string[]> {
  let at: string | null = userId;
  for (let level = 0; level < levels && at !== null; level++)
    at = (await ctx.repo(user).first({ where: { id: at }, select: ["managerId"] }))?.managerId ?? null;
  return at === null ? [] : [at];
}
