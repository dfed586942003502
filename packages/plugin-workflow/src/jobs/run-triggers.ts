import { defineSubscriber } from "@corm/core";
import { dispatch } from "../runs/dispatch.js";
import { TRIGGERS } from "../runs/missed.js";

/** Reads the journal, and starts what is to happen by itself. */
export const runTriggers = defineSubscriber(TRIGGERS, {
  capability: "workflow.automations",
  handle: async (entries, tx) => dispatch(tx, entries),
});
