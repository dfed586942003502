import { Type } from "@corm/core";
import { StepUnable } from "../errors.js";
import { defineStep } from "./step-kind.js";

/** Runs an action of any plugin, on the record of the run or on the one that `recordId` names. */
export const actionStep = defineStep({
  name: "action",
  label: "Run an action",
  input: Type.Object({
    action: Type.String(),
    input: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    recordId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  }),
  check: ({ action }, ctx) =>
    ctx.catalog.actions.has(String(action)) ? null : `"${String(action)}" is no action that you may run`,
  run: async ({ action, input = {}, recordId }, { ctx, run }) => {
    const found = ctx.catalog.actions.get(action);
    if (!found) throw StepUnable({ step: "action", reason: `may not run "${action}"` });
    if (!found.onRecord) return { output: await ctx.run(found.handle, input) };
    const id = recordId === undefined ? run.recordId : recordId;
    if (id === null) throw StepUnable({ step: "action", reason: `has no record to run "${action}" on` });
    return { output: await ctx.run(found.handle, input, { id }) };
  },
});
