import { defineAction, Type } from "@corm/core";
import { scoringModel } from "../entities/scoring-model.js";
import { scoring } from "../scoring/rescore.js";

/**
 * Makes a model the one by which leads are scored, in the place of the one that was, and scores all open leads again, in
 * the background (by the hook of its update). `POST /api/scoring-models/{id}/activate`
 */
export const activateModel = defineAction({
  name: "activate",
  on: scoringModel,
  label: "Score leads by this model",
  input: Type.Object({}),
  output: Type.Object({ id: Type.String(), status: Type.String() }),
  run: async ({ record }, caller) => {
    if (record.slot !== null) return { id: record.id, status: record.status };
    const ctx = scoring(caller);
    const models = ctx.repo(scoringModel);
    await models.updateWhere({ slot: "active" }, { status: "retired", slot: null });
    await models.update(record.id, { status: "active", slot: "active", activatedAt: ctx.now() });
    return { id: record.id, status: "active" };
  },
});
