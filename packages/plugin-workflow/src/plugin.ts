import {
  approvals,
  assignments,
  createCalendars,
  definePlugin,
  type PluginFactory,
  type PluginOf,
  provide,
  Type,
  withDefault,
} from "@corm/core";
import { approve, delegate, recall, reject, submit } from "./actions/approve.js";
import { assign, reassign, retryAssignment } from "./actions/assign.js";
import { ACT_AS, cancelRun, dryRun, retryRun, start } from "./actions/automate.js";
import { setCredentials } from "./actions/connections.js";
import { performance, setPresence, skillGaps } from "./actions/people.js";
import { ping, replay, resend, rotateSecret } from "./actions/webhooks.js";
import { absence, agent } from "./entities/agent.js";
import { approval, approvalVote } from "./entities/approval.js";
import { approvalProcess } from "./entities/approval-process.js";
import { assignmentDecision } from "./entities/assignment-decision.js";
import { assignmentLane, assignmentWaiting } from "./entities/assignment-lane.js";
import { assignmentRule } from "./entities/assignment-rule.js";
import { automation, automationSwitch, automationVersion } from "./entities/automation.js";
import { automationCursor } from "./entities/automation-cursor.js";
import { connection, incomingMessage } from "./entities/connection.js";
import { notification } from "./entities/notification.js";
import { performanceTarget } from "./entities/performance-target.js";
import { skill, teamSkill, userSkill } from "./entities/skill.js";
import { webhookDelivery, webhookEndpoint } from "./entities/webhook-endpoint.js";
import { workflowMeter, workflowRun, workflowStep, workflowWait } from "./entities/workflow-run.js";
import { armTimers } from "./hooks/arm-timers.js";
import { assignCreated } from "./hooks/assign-created.js";
import { checkAutomations } from "./hooks/check-automation.js";
import { checkConnections } from "./hooks/check-connection.js";
import { checkProcesses } from "./hooks/check-process.js";
import { checkRules } from "./hooks/check-rule.js";
import { checkTargets } from "./hooks/check-target.js";
import { checkWebhooks } from "./hooks/check-webhook.js";
import { keepBooks } from "./hooks/keep-books.js";
import { lockRecords } from "./hooks/lock-records.js";
import { advanceRun } from "./jobs/advance-run.js";
import { approvalTimeout } from "./jobs/approval-timeout.js";
import { askByMail } from "./jobs/ask-by-mail.js";
import { deliver } from "./jobs/deliver.js";
import { performStep } from "./jobs/perform-step.js";
import { replayWebhooks } from "./jobs/replay-webhooks.js";
import { retryWaitingJob } from "./jobs/retry-waiting.js";
import { returnUntouched } from "./jobs/return-untouched.js";
import { runTriggers } from "./jobs/run-triggers.js";
import { settleDeliveries, settleOften } from "./jobs/settle-deliveries.js";
import { tellEndpoints } from "./jobs/tell-endpoints.js";
import { tidyNightly, tidyUp } from "./jobs/tidy-up.js";
import { dueDate, fireSchedule, keepTimers, keepTimersJob } from "./jobs/timers.js";
import type { NetOptions } from "./net/destinations.js";
import { privacy } from "./privacy.js";
import { approvalLinks } from "./routes/approval-links.js";
import { incomingHook } from "./routes/incoming-hook.js";
import { approvalsOf } from "./services/approvals.js";
import { assignmentsOf } from "./services/assignments.js";
import { type WorkflowSettings, workflowSettings } from "./services/settings.js";
import { workflowRuns, workflowRunsOf } from "./services/workflow-runs.js";
import { armCoded } from "./timers/arm-coded.js";

const names = () => Type.Array(Type.String({ pattern: "^[a-z][a-zA-Z0-9]{0,47}$" }), { maxItems: 50 });

const plugin = definePlugin({
  name: "workflow",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  options: Type.Object({
    /** Entities whose records can be submitted for approval, and are locked meanwhile. */
    approvable: withDefault(names(), []),
    /** Entities whose records are given to people when they are made. */
    assignOnCreate: withDefault(names(), []),
    /** Runs of automations that begin in one hour, of one tenant; what is more begins later. */
    runsPerHour: withDefault(Type.Integer({ minimum: 1 }), 10_000),
    /** Where requests to other systems may go, besides public addresses by https on port 443. */
    net: withDefault(
      Type.Object({
        allow: Type.Optional(Type.Array(Type.String({ pattern: "^[^\\s/]+:\\d{1,5}$" }), { maxItems: 100 })),
        ports: Type.Optional(Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), { maxItems: 20 })),
        http: Type.Optional(Type.Boolean()),
      }),
      {},
    ),
    /** Where people reach the app, for links in mails: `https://crm.example.com`. */
    publicUrl: Type.Optional(Type.String({ pattern: "^https?://", maxLength: 500 })),
    /** Hours without any success after which a webhook endpoint is turned off. */
    disableAfterHours: withDefault(Type.Integer({ minimum: 1, maximum: 8760 }), 120),
    /** Days for which runs that are over are kept, with their steps. */
    keepRunsDays: withDefault(Type.Integer({ minimum: 1, maximum: 36_500 }), 90),
    /** Days for which messages to endpoints are kept that were delivered or given up. */
    keepDeliveriesDays: withDefault(Type.Integer({ minimum: 1, maximum: 36_500 }), 30),
    /** From whom mails of automations come. */
    mailFrom: Type.Optional(
      Type.Object({ address: Type.String({ format: "email" }), name: Type.Optional(Type.String()) }),
    ),
  }),
  setup: (options) => {
    const { approvable, assignOnCreate } = options;
    const settings: WorkflowSettings = {
      approvable,
      assignOnCreate,
      calendars: createCalendars(),
      runsPerHour: options.runsPerHour,
      mailFrom: options.mailFrom,
      net: options.net,
      publicUrl: options.publicUrl,
      disableAfterMs: options.disableAfterHours * 3_600_000,
      keepRunsMs: options.keepRunsDays * 86_400_000,
      keepDeliveriesMs: options.keepDeliveriesDays * 86_400_000,
    };
    return {
      entities: {
        absence,
        agent,
        approval,
        approvalProcess,
        approvalVote,
        assignmentDecision,
        assignmentLane,
        assignmentRule,
        assignmentWaiting,
        automation,
        automationCursor,
        automationSwitch,
        automationVersion,
        connection,
        incomingMessage,
        notification,
        performanceTarget,
        skill,
        teamSkill,
        userSkill,
        webhookDelivery,
        webhookEndpoint,
        workflowMeter,
        workflowRun,
        workflowStep,
        workflowWait,
      },
      actions: {
        approve,
        assign,
        cancel: cancelRun,
        dryRun,
        retry: retryRun,
        start,
        delegate,
        reassign,
        performance,
        ping,
        recall,
        reject,
        replay,
        resend,
        retryAssignment,
        rotateSecret,
        setCredentials,
        setPresence,
        skillGaps,
        submit,
      },
      capabilities: {
        "workflow.approvals": "Keeps approvals, and changes records as their processes say",
        "workflow.automations": "Starts automations, and keeps their runs",
        "workflow.assignment": "Gives records to people by the rules of the tenant",
        "workflow.webhooks": "Sends to other systems what their endpoints ask for",
        "workflow.connections": "Keeps the credentials of other systems, and uses them",
        "workflow.presence": "Notes whether a user is there, as he says himself",
      },
      hooks: [
        ...checkRules,
        ...checkAutomations,
        ...armTimers,
        ...checkWebhooks,
        ...checkConnections,
        ...checkTargets,
        ...checkProcesses,
        ...keepBooks,
        ...assignCreated(assignOnCreate),
        ...lockRecords(approvable),
      ],
      subscribers: [runTriggers, tellEndpoints],
      schedules: [keepTimers, settleOften, tidyNightly],
      jobs: [
        advanceRun,
        approvalTimeout,
        askByMail,
        performStep,
        deliver,
        dueDate,
        fireSchedule,
        keepTimersJob,
        replayWebhooks,
        returnUntouched,
        retryWaitingJob,
        settleDeliveries,
        tidyUp,
      ],
      privacy,
      routes: [incomingHook, ...approvalLinks],
      start: armCoded,
      services: [
        provide(workflowSettings, () => settings),
        provide(assignments, assignmentsOf),
        provide(approvals, approvalsOf),
        provide(workflowRuns, workflowRunsOf),
      ],
      permissions: {
        "approval.approve": "Approve what one is asked about",
        "approval.reject": "Reject what one is asked about",
        "approval.delegate": "Pass one's vote on",
        "approval.recall": "Take back what one has submitted",
        "workflow.start": "Start automations by hand",
        "workflow.dryRun": "Try what an automation would do",
        [ACT_AS]: "Write automations that act in the name of others",
        "webhookEndpoint.rotateSecret": "Make new secrets of endpoints",
        "connection.setCredentials": "Set the credentials of other systems",
        "webhookEndpoint.ping": "Send tests to endpoints",
        "webhookEndpoint.replay": "Send to endpoints what happened once more",
        "webhookDelivery.resend": "Send messages once more",
        "workflowRun.retry": "Try failed runs again",
        "workflowRun.cancel": "End runs",
        "workflow.submit": "Submit records for approval",
        "workflow.assign": "Give records to people by the rules",
        "workflow.reassign": "Take records from people, and give them to others",
        "workflow.retryAssignment": "Look again for people for what waits",
        "workflow.setPresence": "Say whether one takes work",
        "workflow.performance": "Measure people against their targets",
        "team.skillGaps": "Compare the skills of a team with those that it needs",
      },
    };
  },
});

export interface WorkflowPlugin extends PluginOf<typeof plugin> {}

export interface WorkflowOptions {
  /** Names of entities whose records can be submitted for approval, and are locked meanwhile: `["opportunity"]`. Default none. */
  readonly approvable?: readonly string[];
  /** Names of entities whose records are given to people when they are made: `["lead", "ticket"]`. Default none. */
  readonly assignOnCreate?: readonly string[];
  /** Runs of automations that begin in one hour, of one tenant; what is more begins later. Default 10,000. */
  readonly runsPerHour?: number;
  /** Where requests to other systems may go, besides public addresses by https on port 443. */
  readonly net?: NetOptions;
  /**
   * Where people reach the app, `https://crm.example.com`: approvers are written to then, with links by which they answer.
   * Takes `mailFrom`, and a plugin with a mail server.
   */
  readonly publicUrl?: string;
  /** Hours without any success after which a webhook endpoint is turned off. Default 120. */
  readonly disableAfterHours?: number;
  /** Days for which runs that are over are kept, with their steps. Default 90. */
  readonly keepRunsDays?: number;
  /** Days for which messages to endpoints are kept that were delivered or given up. Default 30. */
  readonly keepDeliveriesDays?: number;
  /** From whom mails of automations come; they go out by the app's mail port. */
  readonly mailFrom?: { readonly address: string; readonly name?: string };
}

/**
 * People for work: assignment by rules, skills, presence, capacity and working hours; approvals in steps.
 *
 * @example
 * createCrm({ storage, plugins: [crmCore(), leads(), workflow({ assignOnCreate: ["lead"] })] })
 */
export const workflow: PluginFactory<WorkflowPlugin, WorkflowOptions> = plugin as never;
