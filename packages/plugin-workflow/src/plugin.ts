import {
  createCalendars,
  definePlugin,
  type PluginFactory,
  type PluginOf,
  provide,
  withDefault,
} from "@corm/core";
import Type from "typebox";
import { assign, reassign, retryAssignment } from "./actions/assign.js";
import { setPresence, skillGaps } from "./actions/people.js";
import { absence, agent } from "./entities/agent.js";
import { assignmentDecision } from "./entities/assignment-decision.js";
import { assignmentLane, assignmentWaiting } from "./entities/assignment-lane.js";
import { assignmentRule } from "./entities/assignment-rule.js";
import { skill, teamSkill, userSkill } from "./entities/skill.js";
import { assignCreated } from "./hooks/assign-created.js";
import { checkRules } from "./hooks/check-rule.js";
import { retryWaitingJob } from "./jobs/retry-waiting.js";
import { returnUntouched } from "./jobs/return-untouched.js";
import { assignments, assignmentsOf } from "./services/assignments.js";
import { type WorkflowSettings, workflowSettings } from "./services/settings.js";

const plugin = definePlugin({
  name: "workflow",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  options: Type.Object({
    /** Entities whose records are given to people when they are made. */
    assignOnCreate: withDefault(
      Type.Array(Type.String({ pattern: "^[a-z][a-zA-Z0-9]{0,47}$" }), { maxItems: 50 }),
      [],
    ),
  }),
  setup: ({ assignOnCreate }) => {
    const settings: WorkflowSettings = { calendars: createCalendars() };
    return {
      entities: {
        absence,
        agent,
        assignmentDecision,
        assignmentLane,
        assignmentRule,
        assignmentWaiting,
        skill,
        teamSkill,
        userSkill,
      },
      actions: { assign, reassign, retryAssignment, setPresence, skillGaps },
      capabilities: {
        "workflow.assignment": "Gives records to people by the rules of the tenant",
        "workflow.presence": "Notes whether a user is there, as he says himself",
      },
      hooks: [...checkRules, ...assignCreated(assignOnCreate)],
      jobs: [returnUntouched, retryWaitingJob],
      services: [provide(workflowSettings, () => settings), provide(assignments, assignmentsOf)],
      permissions: {
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
  /** Names of entities whose records are given to people when they are made: `["lead", "ticket"]`. Default none. */
  readonly assignOnCreate?: readonly string[];
}

/**
 * People for work: assignment by rules, skills, presence, capacity and working hours.
 *
 * @example
 * createCrm({ storage, plugins: [crmCore(), leads(), workflow({ assignOnCreate: ["lead"] })] })
 */
export const workflow: PluginFactory<WorkflowPlugin, WorkflowOptions> = plugin as never;
