import {
  approvals,
  createCalendars,
  definePlugin,
  type PluginFactory,
  type PluginOf,
  provide,
  withDefault,
} from "@corm/core";
import Type from "typebox";
import { approve, delegate, recall, reject, submit } from "./actions/approve.js";
import { assign, reassign, retryAssignment } from "./actions/assign.js";
import { setPresence, skillGaps } from "./actions/people.js";
import { absence, agent } from "./entities/agent.js";
import { approval, approvalVote } from "./entities/approval.js";
import { approvalProcess } from "./entities/approval-process.js";
import { assignmentDecision } from "./entities/assignment-decision.js";
import { assignmentLane, assignmentWaiting } from "./entities/assignment-lane.js";
import { assignmentRule } from "./entities/assignment-rule.js";
import { skill, teamSkill, userSkill } from "./entities/skill.js";
import { assignCreated } from "./hooks/assign-created.js";
import { checkProcesses } from "./hooks/check-process.js";
import { checkRules } from "./hooks/check-rule.js";
import { keepBooks } from "./hooks/keep-books.js";
import { lockRecords } from "./hooks/lock-records.js";
import { approvalTimeout } from "./jobs/approval-timeout.js";
import { retryWaitingJob } from "./jobs/retry-waiting.js";
import { returnUntouched } from "./jobs/return-untouched.js";
import { approvalsOf } from "./services/approvals.js";
import { assignments, assignmentsOf } from "./services/assignments.js";
import { type WorkflowSettings, workflowSettings } from "./services/settings.js";

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
  }),
  setup: ({ approvable, assignOnCreate }) => {
    const settings: WorkflowSettings = { approvable, calendars: createCalendars() };
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
        skill,
        teamSkill,
        userSkill,
      },
      actions: {
        approve,
        assign,
        delegate,
        reassign,
        recall,
        reject,
        retryAssignment,
        setPresence,
        skillGaps,
        submit,
      },
      capabilities: {
        "workflow.approvals": "Keeps approvals, and changes records as their processes say",
        "workflow.assignment": "Gives records to people by the rules of the tenant",
        "workflow.presence": "Notes whether a user is there, as he says himself",
      },
      hooks: [
        ...checkRules,
        ...checkProcesses,
        ...keepBooks,
        ...assignCreated(assignOnCreate),
        ...lockRecords(approvable),
      ],
      jobs: [approvalTimeout, returnUntouched, retryWaitingJob],
      services: [
        provide(workflowSettings, () => settings),
        provide(assignments, assignmentsOf),
        provide(approvals, approvalsOf),
      ],
      permissions: {
        "approval.approve": "Approve what one is asked about",
        "approval.reject": "Reject what one is asked about",
        "approval.delegate": "Pass one's vote on",
        "approval.recall": "Take back what one has submitted",
        "workflow.submit": "Submit records for approval",
        "workflow.assign": "Give records to people by the rules",
        "workflow.reassign": "Take records from people, and give them to others",
        "workflow.retryAssignment": "Look again for people for what waits",
        "workflow.setPresence": "Say whether one takes work",
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
}

/**
 * People for work: assignment by rules, skills, presence, capacity and working hours; approvals in steps.
 *
 * @example
 * createCrm({ storage, plugins: [crmCore(), leads(), workflow({ assignOnCreate: ["lead"] })] })
 */
export const workflow: PluginFactory<WorkflowPlugin, WorkflowOptions> = plugin as never;
