import {
  activity,
  after,
  before,
  type Calendars,
  type Context,
  calendar,
  type HookDefinition,
} from "@corm/core";
import { lead } from "../entities/lead.js";
import { leadResponse } from "../entities/lead-response.js";
import { responsePolicy } from "../entities/response-policy.js";
import { InvalidResponsePolicy } from "../errors.js";
import { noteResponses, RESPONSE_REPLAN, responding, watchResponses } from "../response/watch.js";
import { conditionProblem } from "../services/conditions.js";
import { keepBooks } from "./keep-books.js";
import { isOpen } from "./protect-conversion.js";

/** What reaches the person. */
const ANSWERS: ReadonlySet<string> = new Set(["call", "meeting", "email", "visit"]);

/** Of a policy, and of a calendar: what says when leads are to be answered. */
const TERMS = ["calendarId", "minutes", "warnMinutes"] as const;
const HOURS = ["timeZone", "week", "holidays", "exceptions"] as const;

async function checkPolicy(ctx: Context, where: unknown): Promise<void> {
  const problem = await conditionProblem(ctx, "lead", where);
  if (problem) throw InvalidResponsePolicy({ problem });
}

/** New leads get a time by which they are to be answered; what is done about them, or closes them, is an answer. */
export function watchNewLeads(calendars: Calendars): readonly HookDefinition[] {
  return [
    before(
      responsePolicy,
      "create",
      { name: "leads.responsePolicyCreate", stage: "late" },
      async (batch, ctx) => {
        for (const { input } of batch) await checkPolicy(ctx, input.where);
      },
    ),
    before(
      responsePolicy,
      "update",
      { name: "leads.responsePolicyUpdate", stage: "late" },
      async (batch, ctx) => {
        for (const { patch } of batch) if (patch.where) await checkPolicy(ctx, patch.where);
      },
    ),
    after(responsePolicy, "update", { name: "leads.replanChangedPolicy" }, async (batch, ctx) => {
      for (const { row, changed } of batch)
        if (TERMS.some((name) => changed.has(name)))
          await ctx.jobs.enqueue(RESPONSE_REPLAN, { policyId: row.id, after: null });
    }),
    after(calendar, "update", { name: "leads.replanChangedCalendar" }, async (batch, ctx) => {
      const ids = batch.flatMap(({ row, changed }) =>
        HOURS.some((name) => changed.has(name)) ? [row.id] : [],
      );
      if (ids.length === 0) return;
      const policies = responding(ctx).repo(responsePolicy);
      for await (const { id: policyId } of policies.stream({
        where: { calendarId: { in: ids } },
        select: ["id"],
        limit: 500,
      }))
        await ctx.jobs.enqueue(RESPONSE_REPLAN, { policyId, after: null });
    }),
    after(lead, "create", { name: "leads.watchNew", after: "leads.scoreNew" }, async (batch, ctx) => {
      const open = batch.map(({ row }) => row).filter(({ status }) => isOpen(status));
      await watchResponses(responding(ctx), open, calendars);
    }),
    after(lead, "update", { name: "leads.closedIsAnswered" }, async (batch, ctx) => {
      const closed = batch.filter(({ row, changed }) => changed.has("status") && !isOpen(row.status));
      if (closed.length > 0)
        await noteResponses(responding(ctx), new Map(closed.map(({ row }) => [row.id, ctx.now()])));
    }),
    ...(["create", "update"] as const).map((operation) =>
      after(activity, operation, { name: `leads.answered-${operation}` }, async (batch, ctx) => {
        const at = new Map<string, string>();
        for (const { row } of batch as readonly { readonly row: Done }[]) {
          const { kind, leadId, doneAt } = row;
          if (!leadId || doneAt === null || doneAt > ctx.now() || !ANSWERS.has(kind)) continue;
          if (!at.has(leadId) || doneAt < (at.get(leadId) as string)) at.set(leadId, doneAt);
        }
        if (at.size > 0) await noteResponses(responding(ctx), at);
      }),
    ),
    ...keepBooks([leadResponse]),
  ];
}

interface Done {
  readonly kind: string;
  readonly leadId?: string | null;
  readonly doneAt: string | null;
}
