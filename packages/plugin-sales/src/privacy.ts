import { definePersonalData, type PersonalData } from "@corm/core";
import { activityOfOpportunity } from "./entities/activity.js";
import { activityInvitation } from "./entities/activity-invitation.js";
import { activitySeries } from "./entities/activity-series.js";
import { contract } from "./entities/contract.js";
import { opportunity } from "./entities/opportunity.js";
import { opportunityContact, opportunityMember } from "./entities/opportunity-people.js";
import { order } from "./entities/order.js";
import { quote } from "./entities/quote.js";
import { stageVisit } from "./entities/stage-visit.js";

const COMMERCIAL = "commercial letters and books are kept as long as the law says, with whom they are about";

/** A sale to a person keeps its numbers and loses its name. */
export const privacy: readonly PersonalData[] = [
  definePersonalData(opportunity, {
    by: ["contactId"],
    erase: "anonymise",
    keep: ["stage", "openedOn", "closeDate", "source", "closeReason", "checked", "territoryReason"],
  }),
  definePersonalData(stageVisit, {
    by: ["opportunityId"],
    erase: { keep: "when a sale moved, and for how much; nothing of it tells to whom" },
  }),
  definePersonalData(quote, { by: ["contactId", "opportunityId"], erase: { keep: COMMERCIAL } }),
  definePersonalData(opportunityMember, {
    by: ["opportunityId"],
    erase: { keep: "colleagues who sold it, and not whom they sold it to" },
  }),
  definePersonalData(opportunityContact, { by: ["contactId", "opportunityId"], erase: "delete" }),
  definePersonalData(order, { by: ["contactId", "opportunityId"], erase: { keep: COMMERCIAL } }),
  definePersonalData(contract, { by: ["contactId", "opportunityId"], erase: { keep: COMMERCIAL } }),
  definePersonalData(activityInvitation, {
    unrelated: ["activityId"],
    addresses: { address: "email" },
    erase: "delete",
  }),
  definePersonalData(activitySeries, { by: ["contactId", "opportunityId"], erase: "delete" }),
  definePersonalData(activityOfOpportunity, { by: ["opportunityId", "seriesId"] }),
];
