export { approve, delegate, recall, reject, submit } from "./actions/approve.js";
export { assign, reassign, retryAssignment } from "./actions/assign.js";
export { setPresence, skillGaps } from "./actions/people.js";
export { type Verdict, verdictOf } from "./approvals/verdict.js";
export type { AssignmentCause, AssignmentRequest, Decision } from "./assignment/assign-records.js";
export {
  type Candidate,
  type Choice,
  type Considered,
  FIRST_TURN,
  type Strategy,
  select,
  type Turn,
  type Work,
} from "./assignment/select.js";
export {
  type Absence,
  type AbsenceInput,
  type Agent,
  type AgentInput,
  absence,
  agent,
} from "./entities/agent.js";
export {
  type Approval,
  type ApprovalInput,
  type ApprovalVote,
  type ApprovalVoteInput,
  approval,
  approvalVote,
} from "./entities/approval.js";
export {
  type ApprovalProcess,
  type ApprovalProcessInput,
  type ApprovalStep,
  type Approver,
  approvalProcess,
} from "./entities/approval-process.js";
export {
  type AssignmentDecision,
  type AssignmentDecisionInput,
  assignmentDecision,
} from "./entities/assignment-decision.js";
export { type AssignmentRule, type AssignmentRuleInput, assignmentRule } from "./entities/assignment-rule.js";
export * from "./entities/skill.js";
export * from "./errors.js";
export { approvalTimeout } from "./jobs/approval-timeout.js";
export { retryWaitingJob } from "./jobs/retry-waiting.js";
export { returnUntouched } from "./jobs/return-untouched.js";
export { type WorkflowOptions, type WorkflowPlugin, workflow } from "./plugin.js";
export { type Assignments, assignments } from "./services/assignments.js";
