import { defineError } from "@corm/core";

export const LeadAlreadyConverted = defineError<{ id: string }>("lead-already-converted", {
  status: 409,
  title: "Lead already converted",
  detail: ({ id }) =>
    `Lead ${id} was converted before and cannot be changed. Change the account, contact or opportunity it became.`,
});

export const LeadConversionReserved = defineError<{ field: string }>("lead-conversion-reserved", {
  status: 422,
  title: "Only lead.convert converts a lead",
  detail: ({ field }) =>
    `"${field}" says what became of a lead and is set by lead.convert alone. Run that action instead.`,
  issues: ({ field }) => [
    { pointer: `/${field}`, code: "lead-conversion-reserved", message: "is set by lead.convert alone" },
  ],
});

export const LeadUnidentified = defineError("lead-unidentified", {
  status: 422,
  title: "A lead without anything to know it by",
  detail: () => "A lead needs at least one of lastName, firstName, company, email and phone.",
});

export const NothingToConvertTo = defineError<{ id: string }>("nothing-to-convert-to", {
  status: 422,
  title: "The conversion would leave nothing",
  detail: ({ id }) =>
    `Lead ${id} would become neither account nor contact nor opportunity. Leave out one of the nulls, or name an existing record.`,
});

export const OpportunitiesUnavailable = defineError("opportunities-unavailable", {
  status: 422,
  title: "No plugin keeps opportunities",
  detail: () =>
    'No plugin of this app keeps opportunities. Convert without "opportunity", or add one that does, such as @corm/plugin-sales.',
  issues: () => [
    { pointer: "/opportunity", code: "opportunities-unavailable", message: "no plugin keeps opportunities" },
  ],
});

export const InvalidFormField = defineError<{ index: number; name: string; problem: string }>(
  "invalid-form-field",
  {
    status: 422,
    title: "A field of the form is not usable",
    detail: ({ name, problem }) => `Form field "${name}" ${problem}.`,
    issues: ({ index, problem }) => [
      { pointer: `/fields/${index}`, code: "invalid-form-field", message: problem },
    ],
  },
);

export const TooManySubmissions = defineError("too-many-submissions", {
  status: 429,
  title: "Too many submissions",
  detail: () => "This form gets more submissions from here than people send. Try again in a minute.",
});

export const InvalidScoringRule = defineError<{ pointer: string; problem: string }>("invalid-scoring-rule", {
  status: 422,
  title: "A rule of the scoring model is not usable",
  detail: ({ pointer, problem }) => `${pointer} of the scoring model ${problem}.`,
  issues: ({ pointer, problem }) => [{ pointer, code: "invalid-scoring-rule", message: problem }],
});

export const ScoringModelStatusReserved = defineError<{ name: string }>("scoring-model-status-reserved", {
  status: 422,
  title: "Only scoringModel.activate says which model scores",
  detail: ({ name }) =>
    `The status of "${name}" is set by scoringModel.activate alone, and the active model stays. Activate another one first.`,
});

export const TooFewOutcomes = defineError<{ won: number; lost: number; minimum: number }>(
  "too-few-outcomes",
  {
    status: 422,
    title: "Too little has happened to learn from",
    detail: ({ won, lost, minimum }) =>
      `${won} leads were converted and ${lost} were unqualified; a model needs ${minimum} of each. Until then rules score alone.`,
  },
);

export const PredictionFieldUnusable = defineError<{ name: string; problem: string }>(
  "prediction-field-unusable",
  {
    status: 422,
    title: "A field cannot be learned from",
    detail: ({ name, problem }) => `"${name}" ${problem}.`,
    issues: ({ problem }) => [{ pointer: "/fields", code: "prediction-field-unusable", message: problem }],
  },
);

export const PoolFieldReserved = defineError<{ field: string }>("pool-field-reserved", {
  status: 422,
  title: "Only pools write this",
  detail: ({ field }) =>
    `"${field}" of a lead follows from what happens in its pool. Use claim, allot, release and put of leadPool.`,
  issues: ({ field }) => [
    { pointer: `/${field}`, code: "pool-field-reserved", message: "follows from what happens in the pool" },
  ],
});

export const PoolClosed = defineError<{ name: string }>("pool-closed", {
  status: 409,
  title: "The pool is closed",
  detail: ({ name }) => `Nothing is given out of the pool "${name}" at present. Make it active first.`,
});

export const LeadTaken = defineError<{ id: string }>("lead-taken", {
  status: 409,
  title: "The lead is not to be had",
  detail: ({ id }) =>
    `Lead ${id} has a holder, is closed, or is in this pool no more. Look into the pool again.`,
});

export const ClaimCooldown = defineError<{ id: string; until: string }>("claim-cooldown", {
  status: 409,
  title: "Who held a lead waits before he claims it again",
  detail: ({ id, until }) =>
    `Lead ${id} came back from you to the pool: you can claim it again from ${until} on.`,
});

export const PoolCapReached = defineError<{ cap: string; limit: number; held: number; wanted: number }>(
  "pool-cap-reached",
  {
    status: 409,
    title: "A cap of the pool is reached",
    detail: ({ cap, limit, held, wanted }) =>
      `"${cap}" of the pool is ${limit}: ${held} are held and ${wanted} more are asked for. Follow up or give back first, or ask for fewer.`,
  },
);

export const InvalidResponsePolicy = defineError<{ problem: string }>("invalid-response-policy", {
  status: 422,
  title: "The condition of the response policy is not usable",
  detail: ({ problem }) => `The condition cannot be answered: ${problem}`,
  issues: ({ problem }) => [{ pointer: "/where", code: "invalid-response-policy", message: problem }],
});

export const ExistingOpportunitiesUnavailable = defineError("existing-opportunities-unavailable", {
  status: 422,
  title: "Opportunities that are there cannot be filled",
  detail: () =>
    'The plugin that keeps opportunities only opens new ones: give "opportunity" without an "id", or have it name its entity.',
  issues: () => [
    {
      pointer: "/opportunity",
      code: "existing-opportunities-unavailable",
      message: "only new ones can be opened",
    },
  ],
});

export const LossyConversion = defineError<{ from: string; to: string; loss: string }>("lossy-conversion", {
  status: 500,
  title: "A conversion could lose a value",
  detail: ({ from, to, loss }) =>
    `"${from}" of a lead goes to "${to}", but ${loss}. Widen the field, map it elsewhere, or say with \`convertFields\` that it goes nowhere: { "${to.split(".")[0]}": { "${from}": null } }.`,
});

export const UnmappedStrategy = defineError<{ target: string; field: string; known: readonly string[] }>(
  "unmapped-strategy",
  {
    status: 422,
    title: "A strategy for a field that nothing goes to",
    detail: ({ target, field, known }) =>
      `Nothing of a lead goes to "${field}" of ${target}; strategies are for ${known.join(", ")}.`,
    issues: ({ target, field }) => [
      { pointer: `/strategies/${target}/${field}`, code: "unmapped-strategy", message: "nothing goes there" },
    ],
  },
);

export const LeadNotConverted = defineError<{ id: string }>("lead-not-converted", {
  status: 409,
  title: "There is no conversion to undo",
  detail: ({ id }) => `Lead ${id} is not converted, or was so before conversions were kept.`,
});

export const ConversionTooOld = defineError<{ id: string; days: number }>("conversion-too-old", {
  status: 409,
  title: "The conversion can no longer be undone",
  detail: ({ id, days }) =>
    `Lead ${id} was converted more than ${days} days ago. Change what it became instead.`,
});

export const FormNeeds = defineError<{ field: string; problem: string }>("form-needs", {
  status: 422,
  title: "The form asks for what the app cannot do",
  detail: ({ field, problem }) => `"${field}" of the form cannot be kept: ${problem}.`,
  issues: ({ field, problem }) => [{ pointer: `/${field}`, code: "form-needs", message: problem }],
});

export const NoAssignmentRules = defineError("no-assignment-rules", {
  status: 422,
  title: "Nothing chooses people",
  detail: () =>
    'No plugin of this app keeps rules by which people are chosen. Name a "userId", or add @corm/plugin-workflow.',
  issues: () => [{ pointer: "/userId", code: "no-assignment-rules", message: "is needed in this app" }],
});
