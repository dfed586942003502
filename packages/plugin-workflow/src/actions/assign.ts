import { assertCan, type Context, defineAction, Type } from "@corm/core";
import { assignRecords, type Decision, MAX_RECORDS } from "../assignment/assign-records.js";
import { targetOf } from "../assignment/target.js";
import { retryWaiting } from "../jobs/retry-waiting.js";

const nullable = Type.Union([Type.String(), Type.Null()]);
const decision = Type.Object({
  recordId: Type.String(),
  outcome: Type.Enum(["assigned", "waiting", "unmatched"]),
  userId: nullable,
  ruleId: nullable,
  by: nullable,
  considered: Type.Array(Type.Object({ userId: Type.String(), passedOver: nullable })),
});
const ids = Type.Array(Type.String({ format: "uuid" }), { minItems: 1, maxItems: MAX_RECORDS });

export const shown = (decisions: readonly Decision[]) =>
  decisions.map(({ recordId, outcome, userId, ruleId, by, considered }) => ({
    recordId,
    outcome,
    userId: userId ?? null,
    ruleId: ruleId ?? null,
    by: by ?? null,
    considered: [...considered],
  }));

/**
 * Whoever gives records away could change or hand on each of them himself: the permission alone takes nobody's.
 *
 * @throws not-found, forbidden, assignment-target-unknown
 */
async function checkMayGive(ctx: Context, target: string, wanted: readonly string[]): Promise<void> {
  // An entity that he does not see is none for him.
  targetOf(ctx, target);
  await assertCan(ctx, ["update", "transfer"], { name: target }, wanted);
}

/**
 * Gives records that have no owner to people by the rules. `preview` says who would get what.
 * `POST /api/actions/workflow.assign`
 */
export const assign = defineAction({
  name: "assign",
  permission: "workflow.assign",
  label: "Assign by rules",
  description: "Gives records without an owner to people by the tenant's rules, and says why.",
  input: Type.Object({ target: Type.String(), ids, preview: Type.Optional(Type.Boolean()) }),
  output: Type.Object({ decisions: Type.Array(decision) }),
  run: async ({ input: { target, ids: wanted, preview = false } }, ctx) => {
    await checkMayGive(ctx, target, wanted);
    return { decisions: shown(await assignRecords(ctx, { target, ids: wanted, cause: "asked", preview })) };
  },
});

/**
 * Takes records from somebody who is away or has left, and gives them to others by the rules. `preview` first.
 * `POST /api/actions/workflow.reassign`
 */
export const reassign = defineAction({
  name: "reassign",
  permission: "workflow.reassign",
  label: "Reassign somebody's records",
  description: "Gives records of one user to others by the tenant's rules.",
  input: Type.Object({
    target: Type.String(),
    fromUserId: Type.String({ format: "uuid" }),
    ids,
    preview: Type.Optional(Type.Boolean()),
  }),
  output: Type.Object({ decisions: Type.Array(decision) }),
  run: async ({ input: { target, fromUserId, ids: wanted, preview = false } }, ctx) => {
    await checkMayGive(ctx, target, wanted);
    const request = { target, ids: wanted, cause: "reassigned", takeFrom: fromUserId, preview } as const;
    return { decisions: shown(await assignRecords(ctx, request)) };
  },
});

/** Looks again for somebody for what waits. `POST /api/actions/workflow.retry-assignment` */
export const retryAssignment = defineAction({
  name: "retryAssignment",
  permission: "workflow.retryAssignment",
  label: "Retry what waits",
  description: "Looks again for people who can take what nobody could.",
  input: Type.Object({ target: Type.Optional(Type.String()) }),
  output: Type.Object({ tried: Type.Integer(), assigned: Type.Integer() }),
  run: ({ input: { target } }, ctx) => retryWaiting(ctx, target),
});
