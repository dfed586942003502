import { definePersonalData, type PersonalData } from "@corm/core";
import { delivery } from "./entities/delivery.js";
import { segmentMember } from "./entities/segment-member.js";

/** That a message went out stays, and to whom does not. */
export const privacy: readonly PersonalData[] = [
  definePersonalData(delivery, {
    by: ["contactId"],
    addresses: { address: "email" },
    erase: "anonymise",
  }),
  definePersonalData(segmentMember, { by: ["contactId"], erase: "delete" }),
];
