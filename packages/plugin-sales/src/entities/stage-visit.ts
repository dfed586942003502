import { date, defineEntity, type Input, instant, money, one, type Row, reference, Type } from "@corm/core";
import { opportunity } from "./opportunity.js";
import { stage } from "./stage.js";

const draft = defineEntity("stageVisit", {
  fields: {
    opportunityId: reference(opportunity, { onDelete: "cascade" }),
    stageId: reference(stage),
    /** Key of the stage. */
    stage: Type.String({ maxLength: 50 }),
    /** 1 for the first visit of the opportunity, then one more each, without gaps. */
    seq: Type.Integer({ minimum: 1 }),
    enteredAt: instant(),
    /** When the next visit began; null while this is the present one. */
    leftAt: Type.Optional(instant()),
    /** From `enteredAt` to `leftAt`; null while this is the present one. */
    elapsedSeconds: Type.Optional(Type.Number({ minimum: 0 })),
    /** The part of it within the hours of the pipeline's calendar; null where it has none. */
    workingSeconds: Type.Optional(Type.Number({ minimum: 0 })),
    /** True for a move to an earlier open stage of the same pipeline. */
    backward: Type.Boolean(),
    /** Who moved it: `user:<id>`, `apiKey:<id>`, `system:<reason>` or `public:<route>`. */
    actor: Type.String({ maxLength: 200 }),
    /** The opportunity's amount on entry. */
    amount: Type.Optional(money()),
    /** The opportunity's probability on entry, per cent. */
    probability: Type.Number({ minimum: 0, maximum: 100 }),
    /** The opportunity's close date on entry. */
    closeDate: Type.Optional(date()),
  },
  relations: { opportunity: one("opportunityId"), stageRecord: one("stageId") },
  access: { parents: ["opportunity"] },
  indexes: [["stageId", "enteredAt"]],
  unique: [["opportunityId", "seq"]],
  staysInMerge: true,
  immutable: [
    "opportunityId",
    "stageId",
    "stage",
    "seq",
    "enteredAt",
    "backward",
    "actor",
    "amount",
    "probability",
    "closeDate",
  ],
});

export interface StageVisit extends Row<typeof draft> {}
export interface StageVisitInput extends Input<typeof draft> {}
/** One stay of an opportunity in a stage. Written by the plugin alone; a return to a stage is a visit of its own. */
export const stageVisit = draft.as<StageVisit, StageVisitInput>();
