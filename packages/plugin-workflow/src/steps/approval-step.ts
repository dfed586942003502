import { Type } from "@corm/core";
import { submit } from "../actions/approve.js";
import { approval } from "../entities/approval.js";
import { StepUnable } from "../errors.js";
import { defineStep } from "./step-kind.js";

/** Submits the record of the run for approval, in the name of the principal, and waits for what comes of it: `{ state }`. */
export const approvalStep = defineStep({
  name: "approval",
  label: "Ask for approval",
  input: Type.Object({ comment: Type.Optional(Type.String({ maxLength: 2000 })) }),
  run: async ({ comment }, { ctx, books, run, memory, trial }) => {
    if (run.target === null || run.recordId === null)
      throw StepUnable({ step: "approval", reason: "has no record to submit" });
    // What it was submitted as is kept also where looking after it failed: nothing is submitted twice.
    if (memory === undefined) {
      const words = comment === undefined ? {} : { comment };
      const made = await ctx.run(submit, { target: run.target, id: run.recordId, ...words });
      if (made.state !== "pending" || trial) return { output: { id: made.id, state: made.state } };
      return { wait: { record: { entity: approval.name, id: made.id }, memory: made.id } };
    }
    const { id, state } = await books.repo(approval).get(String(memory));
    if (state === "pending") return { wait: { record: { entity: approval.name, id }, memory: id } };
    return { output: { id, state } };
  },
});
