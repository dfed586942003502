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

export const events = [leadScoreCrossed];
