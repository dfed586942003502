import {
  defineEntity,
  type Input,
  longText,
  one,
  type Row,
  reference,
  Type,
  team,
  withDefault,
} from "@corm/core";

const days = () => Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 }));
const cap = () => Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 }));

const draft = defineEntity("leadPool", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    description: Type.Optional(longText({ maxLength: 5_000 })),
    active: withDefault(Type.Boolean(), true),
    /** Whose pool it is: whoever can read this record can look into the pool and, with the permission, claim. */
    teamId: Type.Optional(reference(team, { onDelete: "set null" })),
    /** Open leads of the pool that one person holds at most. */
    maxHeld: cap(),
    /** Of those, the ones that he has not followed up yet. */
    maxToFollow: cap(),
    maxPerClaim: withDefault(Type.Integer({ minimum: 1, maximum: 200 }), 10),
    /** A lead goes back when its holder has not followed it up for so many days. */
    recycleUnfollowedDays: days(),
    /** A lead goes back when its holder has not won it so many days after he got it. */
    recycleUnwonDays: days(),
    /** The holder is warned so many days before. */
    warnDays: withDefault(Type.Integer({ minimum: 0, maximum: 365 }), 1),
    /** Days after the claim in which nothing is taken back. */
    protectDays: withDefault(Type.Integer({ minimum: 0, maximum: 365 }), 0),
    /** Hours before whoever held a lead can claim it again. */
    cooldownHours: withDefault(Type.Integer({ minimum: 0, maximum: 87_600 }), 0),
  },
  relations: { team: one("teamId") },
  unique: [["name"]],
  searchable: ["name"],
});

export interface LeadPool extends Row<typeof draft> {}
export interface LeadPoolInput extends Input<typeof draft> {}
/** Leads that belong to nobody yet, for those who may take them; and the rules by which they come back. */
export const leadPool = draft.as<LeadPool, LeadPoolInput>();
