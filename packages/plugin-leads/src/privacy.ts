import { definePersonalData, type PersonalData } from "@corm/core";
import { captureSubmission } from "./entities/capture-submission.js";
import { capturedMail } from "./entities/captured-mail.js";
import { activityOfLead, touchpointOfLead } from "./entities/extensions.js";
import { lead } from "./entities/lead.js";
import { leadConversion, leadConversionMove } from "./entities/lead-conversion.js";
import { leadHolding } from "./entities/lead-holding.js";
import { leadResponse } from "./entities/lead-response.js";
import { leadScore, scoreChange } from "./entities/lead-score.js";

/** A lead is a person, and the same one as the contact that it became. */
export const privacy: readonly PersonalData[] = [
  definePersonalData(lead, {
    person: true,
    by: ["convertedContactId"],
    addresses: { email: "email", phone: "phone" },
    erase: "delete",
  }),
  definePersonalData(captureSubmission, {
    by: ["leadId"],
    // What was held back belongs to no lead.
    mentions: ["values", "touch"],
    erase: "anonymise",
    keep: ["submissionId", "reason"],
    replace: { values: {} },
  }),
  definePersonalData(capturedMail, { by: ["leadId", "contactId"], erase: "delete" }),
  definePersonalData(leadConversion, { by: ["leadId", "contactId"], erase: "delete" }),
  definePersonalData(leadConversionMove, { by: ["conversionId"], erase: "delete" }),
  definePersonalData(leadHolding, { by: ["leadId"], erase: "delete" }),
  definePersonalData(leadResponse, { by: ["leadId"], erase: "delete" }),
  definePersonalData(leadScore, { by: ["leadId"], erase: "delete" }),
  definePersonalData(scoreChange, { by: ["leadId"], erase: "delete" }),
  definePersonalData(activityOfLead, { by: ["leadId"] }),
  definePersonalData(touchpointOfLead, { by: ["leadId"] }),
];
