import { definePersonalData, type PersonalData } from "@corm/core";
import { activityOfOpportunity, opportunity } from "./entities/opportunity.js";
import { stageVisit } from "./entities/stage-visit.js";

/** A sale to a person keeps its numbers and loses its name. */
export const privacy: readonly PersonalData[] = [
  definePersonalData(opportunity, {
    by: ["contactId"],
    erase: "anonymise",
    keep: ["stage", "openedOn", "closeDate"],
  }),
  definePersonalData(stageVisit, {
    by: ["opportunityId"],
    erase: { keep: "when a sale moved, and for how much; nothing of it tells to whom" },
  }),
  definePersonalData(activityOfOpportunity, { by: ["opportunityId"] }),
];
