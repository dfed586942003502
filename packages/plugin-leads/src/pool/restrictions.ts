import { defineRestriction, type Restriction } from "@corm/core";
import { captureSubmission } from "../entities/capture-submission.js";
import { lead } from "../entities/lead.js";

/** Of those who read leads of pools before anybody has claimed them, with phone and e-mail. */
export const READ_POOLED = "lead.readPooled";

/** Not in a pool, held by somebody, or a customer by now. */
const claimed = {
  or: [{ poolId: null }, { ownerId: { isNull: false } }, { status: "converted" as const }],
};

/**
 * A lead that waits in a pool is read by nobody before he holds it, however far his role reaches: `leadPool.browse` shows it, masked.
 * A mask over its record would have to hold in every filter, order, search, sum and export; what is not there cannot be got around.
 * What he has sent himself says the same.
 */
export const restrictions: readonly Restriction[] = [
  defineRestriction(lead, { name: "leads.pooled", where: claimed, unless: READ_POOLED }),
  defineRestriction(captureSubmission, {
    name: "leads.pooledSubmissions",
    where: { or: [{ leadId: null }, { lead: claimed }] } as never,
    unless: READ_POOLED,
  }),
];
