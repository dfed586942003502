import { defineError } from "@corm/core";

export const StageHistoryIsWritten = defineError<{ operation: string }>("stage-history-is-append-only", {
  status: 409,
  title: "The stage history cannot be edited",
  detail: ({ operation }) =>
    `Stage visits follow from moves of their opportunity, and cannot be ${operation} by hand. Move the opportunity instead.`,
});

export const ReportTooLarge = defineError<{ limit: number }>("sales-report-too-large", {
  status: 422,
  title: "The sales report has too many groups",
  detail: ({ limit }) =>
    `Won revenue by owner and quarter has more than ${limit} groups. Narrow the report with "from" and "to".`,
});

export const PriceMissing = defineError<{ products: readonly string[]; currency: string }>("price-missing", {
  status: 422,
  title: "A product has no price",
  detail: ({ products, currency }) =>
    `No price book that holds, and no list price, has a price in ${currency} for ${products.slice(0, 10).join(", ")}. Enter one, or give the price with the line.`,
});

export const ConfigurationImpossible = defineError<{
  pointer: string;
  violations: readonly { readonly rule: string; readonly message: string }[];
}>("configuration-impossible", {
  status: 422,
  title: "The options do not go together",
  detail: ({ violations }) => violations.map(({ rule, message }) => `${rule}: ${message}.`).join(" "),
  issues: ({ pointer, violations }) =>
    violations.map(({ rule, message }) => ({
      pointer,
      code: "configuration-rule",
      message: `${rule}: ${message}`,
    })),
});

export const ConfigurationTooComplex = defineError<{ productId: string }>("configuration-too-complex", {
  status: 422,
  title: "The rules of the product are too entangled",
  detail: ({ productId }) =>
    `The rules of product ${productId} could not be followed to an end in 10,000 attempts. Choose more of the options, or make its groups smaller.`,
});

export const TeamIsSetWhole = defineError("team-is-set-whole", {
  status: 409,
  title: "A team is written as a whole",
  detail: () =>
    'Splits add up to 100 %, so members are not written one by one. Use "set-team" of the opportunity.',
});

export const HierarchyTooLarge = defineError<{ accounts: number; levels: number }>("hierarchy-too-large", {
  status: 422,
  title: "The hierarchy is too large",
  detail: ({ accounts, levels }) =>
    `More than ${accounts} companies, or ${levels} levels, hang below this account. Ask for one further down.`,
});

export const ForecastIsKept = defineError<{ operation: string }>("forecast-is-kept", {
  status: 409,
  title: "Snapshots of forecasts are not edited",
  detail: ({ operation }) =>
    `What a forecast looked like on a past day cannot be ${operation}d by hand. It is written every night.`,
});

export const TerritoriesTooMany = defineError<{ limit: number }>("territories-too-many", {
  status: 422,
  title: "The model has too many territories",
  detail: ({ limit }) => `A model has at most ${limit} territories. Put some of them together.`,
});

export const TerritoryCycle = defineError<{ name: string }>("territory-cycle", {
  status: 422,
  title: "No territory is below itself",
  detail: ({ name }) =>
    `Territory "${name}" is the same one or below it, and cannot be the parent. Choose another.`,
});

export const ModelNotPlanning = defineError<{ name: string; state: string }>("territory-model-archived", {
  status: 409,
  title: "The model is archived",
  detail: ({ name, state }) => `Model "${name}" is ${state}. Make a new one in planning, and activate that.`,
});

export const QuoteIsSent = defineError<{ number: string; status: string }>("quote-is-sent", {
  status: 409,
  title: "The quote was sent",
  detail: ({ number, status }) =>
    `Quote ${number} is ${status}, and what was sent does not change. Make a new revision of it with "revise".`,
});

export const QuoteTooLong = defineError<{ limit: number }>("quote-too-long", {
  status: 422,
  title: "The quote has too many lines",
  detail: ({ limit }) => `A quote has at most ${limit} lines. Make several.`,
});

export const QuoteNotReady = defineError<{ number: string; reasons: readonly string[] }>("quote-not-ready", {
  status: 409,
  title: "The quote cannot be sent",
  detail: ({ number, reasons }) => `Quote ${number} cannot be sent: ${reasons.join("; ")}.`,
});

export const ApprovalRequired = defineError<{ number: string; reasons: readonly string[]; state: string }>(
  "approval-required",
  {
    status: 409,
    title: "The quote wants approval",
    detail: ({ number, reasons, state }) =>
      `Quote ${number} wants approval: ${reasons.join("; ")}. ${state} Ask for it with "request-approval".`,
  },
);

export const ApprovalsMissing = defineError("approvals-not-installed", {
  status: 409,
  title: "Nothing here keeps approvals",
  detail: () =>
    'No plugin of this app keeps approvals. Add @corm/plugin-workflow with approvable: ["quote"], or stay within the limits.',
});

export const QuoteExpired = defineError<{ number: string; validUntil: string }>("quote-expired", {
  status: 409,
  title: "The quote has expired",
  detail: ({ number, validUntil }) =>
    `Quote ${number} could be accepted until ${validUntil}. Ask for a new one.`,
});

export const QuoteNotOpen = defineError<{ number: string; status: string }>("quote-not-open", {
  status: 409,
  title: "The quote is not open any more",
  detail: ({ number, status }) => `Quote ${number} is ${status}, so nothing can be decided about it.`,
});

export const QuoteSeenOther = defineError<{ number: string }>("quote-seen-other", {
  status: 409,
  title: "Another document was seen",
  detail: ({ number }) =>
    `What was answered is not what quote ${number} says. Open the link again, and answer what it shows.`,
});

export const QuoteNotAccepted = defineError<{ number: string; status: string }>("quote-not-accepted", {
  status: 409,
  title: "The quote was not accepted",
  detail: ({ number, status }) =>
    `Quote ${number} is ${status}. Only what a customer has accepted is ordered.`,
});

export const QuantityExceeded = defineError<{ lineId: string; wanted: string; remaining: string }>(
  "quantity-exceeded",
  {
    status: 409,
    title: "More is ordered than is left",
    detail: ({ lineId, wanted, remaining }) =>
      `Of line ${lineId} of the quote ${remaining} can still be ordered, and not ${wanted}.`,
  },
);

export const DocumentIsWritten = defineError<{ entity: string; operation: string; instead: string }>(
  "document-is-written",
  {
    status: 409,
    title: "Documents are not edited",
    detail: ({ entity, operation, instead }) => `An ${entity} cannot be ${operation} by hand. ${instead}`,
  },
);

export const NotWon = defineError<{ id: string; status: string }>("opportunity-not-won", {
  status: 409,
  title: "The opportunity is not won",
  detail: ({ id, status }) => `Opportunity ${id} is ${status}. A contract is made of a won one.`,
});

export const AlreadySigned = defineError<{ number: string; name: string }>("already-signed", {
  status: 409,
  title: "It was signed before",
  detail: ({ number, name }) =>
    `${name} has signed contract ${number} before, or it is not a draft any more.`,
});

export const TemplateBroken = defineError<{ template: string; problem: string }>("template-broken", {
  status: 422,
  title: "The template cannot be used",
  detail: ({ template, problem }) => `Template "${template}": ${problem}.`,
  issues: ({ problem }) => [{ pointer: "/body", code: "template-broken", message: problem }],
});

export const PdfNotInstalled = defineError<{ package: string }>("pdf-not-installed", {
  status: 422,
  title: "PDF cannot be written here",
  detail: ({ package: name }) =>
    `The package "${name}" is missing. Run "npm install pdfmake fontkit", or ask for format=html.`,
});

export const DocumentFontMissing = defineError<{ characters: readonly string[] }>("document-font-missing", {
  status: 422,
  title: "No font has these characters",
  detail: ({ characters }) =>
    `No font of this app can write ${characters.join(" ")}. Name one that can in sales({ fonts: [{ normal: "…" }] }), or ask for format=html.`,
});

export const NotOfSeries = defineError<{ id: string }>("not-of-series", {
  status: 409,
  title: "The activity is not of a series",
  detail: ({ id }) => `Activity ${id} belongs to no series. Change it by itself.`,
});

export const OccurrenceIsPast = defineError<{ occurrence: string }>("occurrence-is-past", {
  status: 409,
  title: "The occurrence is past",
  detail: ({ occurrence }) =>
    `What took place at ${occurrence} does not change. Choose an occurrence that is to come.`,
});

export const MailNotThere = defineError("mail-not-installed", {
  status: 409,
  title: "Nothing here sends mail",
  detail: () =>
    'Guests are invited by mail. Add a plugin that provides core\'s port "mailPort", and say from whom in sales({ mailFrom: { address: "…" } }).',
});

export const MailFailed = defineError<{ reason: string }>("mail-failed", {
  status: 503,
  title: "The mail could not be sent now",
  detail: ({ reason }) => `The mail server says: ${reason.slice(0, 300)}. It is tried again.`,
});
