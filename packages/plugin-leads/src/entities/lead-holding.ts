import { defineEntity, type Input, instant, one, oneOf, type Row, reference, Type, user } from "@corm/core";
import { lead } from "./lead.js";
import { leadPool } from "./lead-pool.js";

const draft = defineEntity("leadHolding", {
  fields: {
    leadId: reference(lead, { onDelete: "cascade" }),
    poolId: reference(leadPool, { onDelete: "cascade" }),
    userId: reference(user, { onDelete: "cascade" }),
    claimedAt: instant(),
    /** The last time that the holder did something about the lead. */
    followedAt: Type.Optional(instant()),
    /** When it goes back, as things stand; null for never. */
    recycleAt: Type.Optional(instant()),
    recycleReason: Type.Optional(oneOf(["unfollowed", "unwon"])),
    warnAt: Type.Optional(instant()),
    /** That the holder was told of this `recycleAt`. */
    warnedAt: Type.Optional(instant()),
    endedAt: Type.Optional(instant()),
    endReason: Type.Optional(oneOf(["released", "unfollowed", "unwon", "closed", "moved"])),
    /** The lead while it is held: a unique key. */
    openKey: Type.Optional(Type.String({ maxLength: 36 })),
  },
  relations: { lead: one("leadId"), pool: one("poolId"), user: one("userId") },
  access: { parents: ["lead"] },
  unique: [["openKey"]],
  indexes: [["recycleAt"], ["warnAt"], ["leadId", "userId", "endedAt"], ["poolId", "userId", "endedAt"]],
  immutable: ["leadId", "poolId", "userId", "claimedAt"],
  // The books of one lead alone: of one that is merged into another, nobody holds anything any more.
  staysInMerge: true,
});

export interface LeadHolding extends Row<typeof draft> {}
export interface LeadHoldingInput extends Input<typeof draft> {}
/** The time in which somebody holds a lead of a pool, from the claim until it goes back or is closed. */
export const leadHolding = draft.as<LeadHolding, LeadHoldingInput>();
