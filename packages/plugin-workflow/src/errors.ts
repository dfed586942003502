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
export const AutomationInvalid = defineError<{ pointer: string; reason: string }>("automation-invalid", {
  status: 422,
  title: "The automation cannot run",
  detail: ({ pointer, reason }) => `${pointer}: ${reason}.`,
  issues: ({ pointer, reason }) => [{ pointer, code: "automation-invalid", message: reason }],
});

export const AutomationUnknown = defineError<{ key: string }>("automation-unknown", {
  status: 404,
  title: "No such automation",
  detail: ({ key }) => `There is no automation "${key}" in this tenant, or it is not enabled.`,
});

export const AutomationRefused = defineError<{ key: string; reason: string }>("automation-refused", {
  status: 403,
  title: "The automation may not act",
  detail: ({ key, reason }) => `Automation "${key}": ${reason}.`,
});

export const TargetInvalid = defineError<{ pointer: string; reason: string }>("target-invalid", {
  status: 422,
  title: "Nobody can be measured by this",
  detail: ({ pointer, reason }) => `${pointer}: ${reason}.`,
  issues: ({ pointer, reason }) => [{ pointer, code: "target-invalid", message: reason }],
});

export const ConnectorUnknown = defineError<{ connector: string }>("connector-unknown", {
  status: 422,
  title: "No such connector",
  detail: ({ connector }) => `No package of this app contributes a connector "${connector.slice(0, 60)}".`,
});

export const WebhookInvalid = defineError<{ pointer: string; reason: string }>("webhook-invalid", {
  status: 422,
  title: "The endpoint cannot be called like this",
  detail: ({ pointer, reason }) => `${pointer}: ${reason}.`,
  issues: ({ pointer, reason }) => [{ pointer, code: "webhook-invalid", message: reason }],
});

export const ValueMissing = defineError<{ path: string }>("value-missing", {
  status: 422,
  title: "A step names what is not there",
  detail: ({ path }) =>
    `"${path.slice(0, 200)}" leads to nothing that this run has, or that its principal may see. Names begin with record, trigger, item, steps or run.`,
});

export const StepUnable = defineError<{ step: string; reason: string }>("step-unable", {
  status: 422,
  title: "The step cannot be done",
  detail: ({ step, reason }) => `"${step}" ${reason}.`,
});

/** Of another system, for now: it is tried again. */
export const StepFailed = defineError<{ step: string; reason: string }>("step-failed", {
  status: 502,
  title: "The step has failed",
  detail: ({ step, reason }) => `"${step}": ${reason}`,
});

export const TooManyInLoop = defineError<{ entity: string; limit: number }>("too-many-in-loop", {
  status: 422,
  title: "The loop has too many records",
  detail: ({ entity, limit }) =>
    `More than ${limit} ${entity} records satisfy the condition. Narrow it, or raise "limit" (10,000 at most).`,
});

export const RunStateConflict = defineError<{ id: string; state: string; wanted: string }>("run-state", {
  status: 409,
  title: "The run is in another state",
  detail: ({ id, state, wanted }) => `Run ${id} is ${state}, and cannot be ${wanted}.`,
});
