import { defineSubscriber } from "@corm/core";
import { dispatch } from "../runs/dispatch.js";

/** Reads the journal, and starts what is to happen by itself. */
export const runTriggers = defineSubscriber("workflow.triggers", {
  capability: "workflow.automations",
  handle: async (entries, tx) => dispatch(tx, entries),
});
