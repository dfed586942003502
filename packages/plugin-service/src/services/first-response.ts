import { addWorkingTime, type Context, calendar, isCormError, toInstant } from "@corm/core";
import { type SlaPolicy, slaPolicy } from "../entities/sla-policy.js";
import type { Ticket } from "../entities/ticket.js";
import { settingsOf } from "./settings.js";

export interface ResponseQuestion {
  /** Undefined where the ticket names none: the default policy's then. Null for none. */
  readonly slaPolicyId: string | null | undefined;
  readonly priority: Ticket["priority"];
  /** Instant at which the clock begins. */
  readonly from: string;
}

export interface ResponsePlan {
  readonly slaPolicyId: string | null;
  /** Null where the policy sets no time for the priority. */
  readonly dueAt: string | null;
  /** Why no time could be found though there should be one, or null. */
  readonly problem: string | null;
}

/** When the first response to each of several tickets is due. At most three queries, whatever their number. */
export async function planFirstResponses(
  ctx: Context,
  questions: readonly ResponseQuestion[],
): Promise<ResponsePlan[]> {
  // Deadlines hold for whoever opens the ticket.
  const system = ctx.asSystem({ capability: "service.levels", reason: "service levels" });
  const policies = await policiesFor(system, questions);
  const calendars = await calendarsOf(system, [...policies.values()]);
  return questions.map(({ slaPolicyId, priority, from }) => {
    const policy = policies.get(slaPolicyId === undefined ? DEFAULT : (slaPolicyId ?? ""));
    if (!policy) return { slaPolicyId: slaPolicyId ?? null, dueAt: null, problem: null };
    const minutes = policy.firstResponseMinutes[priority];
    const hours = calendars.get(policy.calendarId);
    const start = Date.parse(from);
    if (minutes === undefined || Number.isNaN(start)) {
      return { slaPolicyId: policy.id, dueAt: null, problem: null };
    }
    try {
      if (!hours) throw new Error("missing");
      const due = addWorkingTime(settingsOf(ctx).calendars.of(hours), start, minutes * 60_000);
      return { slaPolicyId: policy.id, dueAt: toInstant(due), problem: null };
    } catch (error) {
      // A calendar that cannot be used must not keep a customer from being heard.
      if (hours && !isCormError(error)) throw error;
      return {
        slaPolicyId: policy.id,
        dueAt: null,
        problem: `the calendar of "${policy.name}" cannot be used`,
      };
    }
  });
}

const DEFAULT = "default";

async function policiesFor(
  ctx: Context,
  questions: readonly ResponseQuestion[],
): Promise<Map<string, SlaPolicy>> {
  const found = new Map<string, SlaPolicy>();
  const ids = [...new Set(questions.flatMap(({ slaPolicyId }) => slaPolicyId ?? []))];
  if (ids.length > 0) {
    for await (const policy of ctx.repo(slaPolicy).stream({ where: { id: { in: ids } } })) {
      found.set(policy.id, policy);
    }
  }
  if (questions.some(({ slaPolicyId }) => slaPolicyId === undefined)) {
    const policy = await ctx
      .repo(slaPolicy)
      .first({ where: { isDefault: true }, orderBy: ["createdAt", "id"] });
    if (policy) found.set(DEFAULT, policy);
  }
  return found;
}

async function calendarsOf(ctx: Context, policies: readonly SlaPolicy[]) {
  const ids = [...new Set(policies.map(({ calendarId }) => calendarId))];
  if (ids.length === 0) return new Map<string, never>();
  const { items } = await ctx.repo(calendar).find({ where: { id: { in: ids } }, limit: 500 });
  return new Map(items.map((item) => [item.id, item]));
}
