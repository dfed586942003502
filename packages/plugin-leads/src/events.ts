import { defineEvent } from "@corm/core";
import Type from "typebox";

/** A score went past a threshold of the model: once per crossing, whoever computes it and how often. */
export const leadScoreCrossed = defineEvent(
  "lead.scoreCrossed",
  Type.Object({
    threshold: Type.String(),
    at: Type.Integer(),
    direction: Type.Enum(["up", "down"]),
    score: Type.Integer(),
    previous: Type.Integer(),
    modelId: Type.String(),
  }),
);

const ofPool = { userId: Type.String(), poolId: Type.String() };
const reason = Type.Enum(["unfollowed", "unwon"]);

/** The holder of a lead is about to lose it: once per term. */
export const leadRecycleWarned = defineEvent(
  "lead.recycleWarned",
  Type.Object({ ...ofPool, reason, recycleAt: Type.String() }),
);

/** A lead went back to its pool. */
export const leadRecycled = defineEvent("lead.recycled", Type.Object({ ...ofPool, reason }));

export const events = [leadScoreCrossed, leadRecycleWarned, leadRecycled];
