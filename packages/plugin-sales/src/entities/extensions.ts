import { activity, extendEntity, many } from "@corm/core";
import { contract } from "./contract.js";
import { opportunity } from "./opportunity.js";
import { opportunityContact, opportunityMember } from "./opportunity-people.js";
import { order } from "./order.js";
import { quote } from "./quote.js";
import { stageVisit } from "./stage-visit.js";

/** The opportunity with its history, what was done about it, and what came of it. */
export const opportunityWithHistory = extendEntity(opportunity, {
  relations: {
    members: many(opportunityMember, "opportunityId"),
    buyers: many(opportunityContact, "opportunityId"),
    visits: many(stageVisit, "opportunityId"),
    activities: many(activity, "opportunityId"),
    quotes: many(quote, "opportunityId"),
    orders: many(order, "opportunityId"),
    contracts: many(contract, "opportunityId"),
  },
});
