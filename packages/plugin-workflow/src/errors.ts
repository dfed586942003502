import { defineError } from "@corm/core";

export const AssignmentTargetUnknown = defineError<{ target: string; problem: string }>(
  "assignment-target-unknown",
  {
    status: 422,
    title: "Records of this kind cannot be given to people",
    detail: ({ target, problem }) => `"${target}" ${problem}.`,
    issues: ({ target, problem }) => [
      { pointer: "/target", code: "assignment-target-unknown", message: `"${target}" ${problem}` },
    ],
  },
);

export const AssignmentConditionInvalid = defineError<{ field: string; reason: string }>(
  "assignment-condition-invalid",
  {
    status: 422,
    title: "A condition of the rule cannot be answered",
    detail: ({ field, reason }) => `"${field}": ${reason}`,
    issues: ({ field, reason }) => [
      { pointer: `/${field}`, code: "assignment-condition-invalid", message: reason },
    ],
  },
);

export const TeamTooLarge = defineError<{ limit: number }>("team-too-large", {
  status: 422,
  title: "The team is too large to choose from",
  detail: ({ limit }) =>
    `A rule chooses among at most ${limit} people. Make smaller teams, and a rule for each.`,
});

export const AbsenceBackwards = defineError<{ from: string; until: string }>("absence-backwards", {
  status: 422,
  title: "The absence ends before it begins",
  detail: ({ from, until }) => `An absence from ${from} cannot last until ${until}.`,
  issues: () => [{ pointer: "/until", code: "absence-backwards", message: "is not after the beginning" }],
});
