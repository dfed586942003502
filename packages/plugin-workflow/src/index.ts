export { type Assignments, assignments } from "@corm/core";
export { approve, delegate, recall, reject, submit } from "./actions/approve.js";
export { assign, reassign, retryAssignment } from "./actions/assign.js";
export { ACT_AS, cancelRun, dryRun, retryRun, start } from "./actions/automate.js";
export { setCredentials } from "./actions/connections.js";
export { performance, setPresence, skillGaps } from "./actions/people.js";
export { ping, replay, resend, rotateSecret } from "./actions/webhooks.js";
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
  type AutomationOptions,
  automations,
  type CodeAutomation,
  defineAutomation,
  when,
} from "./automations/define-automation.js";
export type {
  AutomationDefinition,
  BranchStep,
  Condition,
  ForEachStep,
  Principal,
  Step,
  StopStep,
} from "./automations/definition.js";
export type { Trigger, TriggerKind, TriggerOf } from "./automations/trigger.js";
export { holds, type ValueTest } from "./automations/value-test.js";
export {
  type ConnectorAction,
  type ConnectorCall,
  type ConnectorDefinition,
  type ConnectorEvent,
  connectorAction,
  connectors,
  defineConnector,
  type Incoming,
  type Understood,
} from "./connectors/define-connector.js";
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
export {
  type Automation,
  type AutomationInput,
  type AutomationSwitch,
  type AutomationSwitchInput,
  type AutomationVersion,
  type AutomationVersionInput,
  automation,
  automationSwitch,
  automationVersion,
} from "./entities/automation.js";
export {
  type Connection,
  type ConnectionInput,
  connection,
  type IncomingMessage,
  type IncomingMessageInput,
  incomingMessage,
} from "./entities/connection.js";
export { type Notification, type NotificationInput, notification } from "./entities/notification.js";
export {
  type PerformanceTarget,
  type PerformanceTargetInput,
  performanceTarget,
} from "./entities/performance-target.js";
export * from "./entities/skill.js";
export {
  type WebhookDelivery,
  type WebhookDeliveryInput,
  type WebhookEndpoint,
  type WebhookEndpointInput,
  webhookDelivery,
  webhookEndpoint,
} from "./entities/webhook-endpoint.js";
export {
  type WorkflowRun,
  type WorkflowRunInput,
  type WorkflowStep,
  type WorkflowStepInput,
  workflowRun,
  workflowStep,
} from "./entities/workflow-run.js";
export * from "./errors.js";
export { approvalTimeout } from "./jobs/approval-timeout.js";
export { retryWaitingJob } from "./jobs/retry-waiting.js";
export { returnUntouched } from "./jobs/return-untouched.js";
export { destinationProblem, type NetOptions } from "./net/destinations.js";
export {
  type GuardedAnswer,
  type GuardedRequest,
  guardedRequest,
  RequestFailed,
} from "./net/guarded-request.js";
export type { Performance } from "./people/performance.js";
export { type WorkflowOptions, type WorkflowPlugin, workflow } from "./plugin.js";
export { type Territories, territories } from "./services/territories.js";
export { type WorkflowRuns, workflowRuns } from "./services/workflow-runs.js";
export {
  defineStep,
  type OutsideStep,
  type PerformCall,
  type RunView,
  type StepCall,
  type StepKind,
  type StepResult,
  type StepWait,
  type StoredStep,
  stepKinds,
} from "./steps/step-kind.js";
export { dueTime, workingDays } from "./timers/due-time.js";
export { signWebhook, verifyWebhook, type WebhookHeaders } from "./webhooks/signature.js";
