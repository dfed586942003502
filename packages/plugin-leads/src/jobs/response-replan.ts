import { type AnyJob, type Calendars, defineJob, Type } from "@corm/core";
import { RESPONSE_REPLAN, replanResponses } from "../response/watch.js";

/** A policy or its calendar has changed: when leads are to be answered changes with it. */
export const responseReplanJob = (calendars: Calendars): AnyJob =>
  defineJob(RESPONSE_REPLAN.name, {
    input: Type.Object({ policyId: Type.String(), after: Type.Union([Type.String(), Type.Null()]) }),
    capability: "leads.response",
    transactional: true,
    run: async (ctx, { policyId, after }) => {
      const next = await replanResponses(ctx, { policyId, after }, calendars);
      if (next !== null) await ctx.jobs.enqueue(RESPONSE_REPLAN, { policyId, after: next });
    },
  });
