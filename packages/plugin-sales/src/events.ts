import { date, defineEvent, money, Type } from "@corm/core";

const decided = {
  number: Type.String(),
  revision: Type.Integer(),
  total: money(),
  documentHash: Type.String(),
};

/** An activity is due soon. Subject: the activity. */
export const activityReminder = defineEvent(
  "activity.reminder",
  Type.Object({
    subject: Type.String(),
    ownerId: Type.Union([Type.String(), Type.Null()]),
    dueAt: Type.String(),
  }),
);

/** A quote went out. Subject: the quote. */
export const quoteSent = defineEvent("quote.sent", Type.Object({ ...decided, validUntil: date() }));
/** A customer has accepted a quote. Subject: the quote. */
export const quoteAccepted = defineEvent("quote.accepted", Type.Object({ ...decided, by: Type.String() }));
/** A customer has declined a quote. Subject: the quote. */
export const quoteDeclined = defineEvent(
  "quote.declined",
  Type.Object({ ...decided, reason: Type.Union([Type.String(), Type.Null()]) }),
);

/** A guest has answered an invitation. Subject: the activity. */
export const activityAnswered = defineEvent(
  "activity.answered",
  Type.Object({ address: Type.String(), status: Type.String() }),
);
