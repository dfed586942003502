import { defineEvent, Type } from "@corm/core";

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

const nullableText = Type.Union([Type.String(), Type.Null()]);

/** A lead is to be answered soon, and was not yet: once per lead, `warnMinutes` of its policy before. */
export const leadResponseWarned = defineEvent(
  "lead.responseWarned",
  Type.Object({ dueAt: Type.String(), policyId: nullableText, ownerId: nullableText }),
);

/** A lead was not answered in time: once per lead. */
export const leadResponseBreached = defineEvent(
  "lead.responseBreached",
  Type.Object({ dueAt: Type.String(), policyId: nullableText, ownerId: nullableText }),
);

const became = { accountId: nullableText, contactId: nullableText, opportunityId: nullableText };

/** A lead became a customer. */
export const leadConverted = defineEvent("lead.converted", Type.Object(became));

/** And is a lead again. */
export const leadUnconverted = defineEvent("lead.unconverted", Type.Object(became));

export const events = [
  leadScoreCrossed,
  leadRecycleWarned,
  leadRecycled,
  leadResponseWarned,
  leadResponseBreached,
  leadConverted,
  leadUnconverted,
];
