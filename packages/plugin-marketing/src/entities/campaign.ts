import {
  date,
  defineEntity,
  type Input,
  longText,
  money,
  one,
  oneOf,
  type Row,
  reference,
  Type,
  user,
  withDefault,
} from "@corm/core";

const draft = defineEntity("campaign", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    description: Type.Optional(longText({ maxLength: 10_000 })),
    status: withDefault(oneOf(["planned", "active", "completed", "cancelled"]), "planned"),
    startsOn: Type.Optional(date()),
    endsOn: Type.Optional(date()),
    budget: Type.Optional(money()),
    parentId: Type.Optional(reference("campaign", { onDelete: "set null" })),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
  },
  relations: { parent: one("parentId"), owner: one("ownerId") },
  unique: [["name"]],
  indexes: [["status", "startsOn"]],
  searchable: ["name"],
});

export interface Campaign extends Row<typeof draft> {}
export interface CampaignInput extends Input<typeof draft> {}
/** What a set of mailings and other measures is for. */
export const campaign = draft.as<Campaign, CampaignInput>();
