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

export const TooManyRecords = defineError<{ limit: number }>("too-many-records", {
  status: 422,
  title: "Too many records at once",
  detail: ({ limit }) => `At most ${limit} records are given out in one go. Ask for fewer, several times.`,
});

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

export const ApproverMissing = defineError<{ step: string }>("approver-missing", {
  status: 409,
  title: "Nobody could approve",
  detail: ({ step }) =>
    `In the step "${step}" there is nobody to ask but the submitter: name other approvers, a manager or a substitute.`,
});

export const NoApprovalProcess = defineError<{ target: string }>("no-approval-process", {
  status: 409,
  title: "No process is for this record",
  detail: ({ target }) => `No active approval process takes this ${target} from you as it is now.`,
});

export const RecordLocked = defineError<{ target: string; recordId: string; approvalId: string }>(
  "record-locked",
  {
    status: 409,
    title: "The record is being approved",
    detail: ({ target, recordId, approvalId }) =>
      `${target} ${recordId} is locked by approval ${approvalId}: recall it, or wait until it is decided.`,
  },
);

export const ApprovalOver = defineError<{ id: string; state: string }>("approval-over", {
  status: 409,
  title: "The approval is over",
  detail: ({ id, state }) => `Approval ${id} is ${state}.`,
});

export const NotAnApprover = defineError<{ id: string }>("not-an-approver", {
  status: 403,
  title: "Somebody else is asked",
  detail: ({ id }) => `In the present step of approval ${id} you are not asked, or have answered.`,
});

export const NotTheSubmitter = defineError<{ id: string }>("not-the-submitter", {
  status: 403,
  title: "Somebody else has submitted it",
  detail: ({ id }) => `Approval ${id} is recalled by whoever has submitted the record.`,
});

export const DelegateUnable = defineError<{ reason: string }>("delegate-unable", {
  status: 409,
  title: "He cannot answer instead",
  detail: ({ reason }) => `The vote cannot be passed on to a user who ${reason}.`,
});

export const ApprovalProcessInvalid = defineError<{ pointer: string; reason: string }>(
  "approval-process-invalid",
  {
    status: 422,
    title: "The process cannot be gone through",
    detail: ({ pointer, reason }) => `${pointer}: ${reason}.`,
    issues: ({ pointer, reason }) => [{ pointer, code: "approval-process-invalid", message: reason }],
  },
);
