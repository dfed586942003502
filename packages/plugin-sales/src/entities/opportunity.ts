import {
  account,
  contact,
  date,
  defineEntity,
  extendEntity,
  filledByHook,
  type Input,
  instant,
  json,
  many,
  money,
  one,
  oneOf,
  type Row,
  reference,
  Type,
  user,
  withDefault,
} from "@corm/core";
import { competitor } from "./competitor.js";
import { pipeline } from "./pipeline.js";
import { product } from "./product.js";
import { stage } from "./stage.js";
import { territory } from "./territory.js";

const draft = defineEntity("opportunity", {
  plural: "opportunities",
  fields: {
    name: Type.String({ minLength: 1, maxLength: 250 }),
    accountId: Type.Optional(reference(account, { onDelete: "set null" })),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
    productId: Type.Optional(reference(product, { onDelete: "set null" })),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    /** Default: the default pipeline. */
    pipelineId: filledByHook(reference(pipeline)),
    /** Default: the pipeline's first stage. Give this or `stage`. */
    stageId: filledByHook(reference(stage)),
    /** Key of the stage. */
    stage: filledByHook(Type.String({ maxLength: 50 })),
    /** Kind of the stage. */
    status: filledByHook(oneOf(["open", "won", "lost"])),
    amount: Type.Optional(money()),
    /** Per cent. Default: the stage's, on every move. */
    probability: filledByHook(Type.Number({ minimum: 0, maximum: 100 })),
    /** `amount` at `probability`; null without an amount. */
    weightedAmount: Type.Optional(money()),
    /** What it counts as in a forecast: of the stage, unless `forecastOverride` says otherwise; won is closed, lost omitted. */
    forecastCategory: filledByHook(oneOf(["omitted", "pipeline", "bestCase", "commit", "closed"])),
    /** Another category than the stage's, while it is open. */
    forecastOverride: Type.Optional(oneOf(["omitted", "pipeline", "bestCase", "commit"])),
    /** Keys of the stage's checklist that are ticked off. */
    checked: Type.Optional(json(Type.Array(Type.String({ maxLength: 50 }), { maxItems: 200 }))),
    /** Why it was won or lost. */
    closeReason: Type.Optional(Type.String({ maxLength: 200 })),
    /** Against whom it was lost, or goes. */
    competitorId: Type.Optional(reference(competitor, { onDelete: "set null" })),
    /** Where it is from: `web`, `partner`, `event`, … */
    source: Type.Optional(Type.String({ maxLength: 100 })),
    /** Days from `openedOn`, else from when it was written down, to the close date; null until it is decided. */
    cycleDays: Type.Optional(Type.Integer({ minimum: 0 })),
    /** From when on it has been in its stage for too long; null where the stage has no limit. */
    staleAt: Type.Optional(instant()),
    /** One of the territories of its account, by the rules; or the one that somebody has chosen. */
    territoryId: Type.Optional(reference(territory, { onDelete: "set null" })),
    /** True for one that somebody has chosen: rules leave it alone. */
    territoryPinned: withDefault(Type.Boolean(), false),
    /** Why it is in this territory. */
    territoryReason: Type.Optional(Type.String({ maxLength: 500 })),
    /** The day on which the sale began. */
    openedOn: Type.Optional(date()),
    /** Expected while open; the day of the decision once won or lost. */
    closeDate: Type.Optional(date()),
    /** Key of the opportunity in the system that the record came from. */
    externalId: Type.Optional(Type.String({ maxLength: 200 })),
  },
  relations: {
    account: one("accountId"),
    contact: one("contactId"),
    competitor: one("competitorId"),
    product: one("productId"),
    territory: one("territoryId"),
    owner: one("ownerId"),
    pipeline: one("pipelineId"),
    // "stage" is the key, so the record goes by another name.
    stageRecord: one("stageId"),
  },
  indexes: [
    ["status", "closeDate"],
    ["status", "staleAt"],
    ["accountId"],
    ["territoryId", "status"],
    ["closeDate", "forecastCategory"],
    ["ownerId", "status"],
    ["name"],
  ],
  unique: [["externalId"]],
  searchable: ["name"],
  temporal: true,
});

export interface Opportunity extends Row<typeof draft> {}
export interface OpportunityInput extends Input<typeof draft> {}
/** A sale that may come about. */
export const opportunity = draft.as<Opportunity, OpportunityInput>();

/** The account with its opportunities, and with what decides which prices it gets. */
export const accountWithOpportunities = extendEntity(account, {
  fields: { priceSegment: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })) },
  relations: { opportunities: many(opportunity, "accountId") },
});

/** The contact with its opportunities. */
export const contactWithOpportunities = extendEntity(contact, {
  relations: { opportunities: many(opportunity, "contactId") },
});
