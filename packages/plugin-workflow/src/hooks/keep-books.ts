import { type AnyEntity, before, type Context, Forbidden, type HookDefinition } from "@corm/core";
import { approval, approvalVote } from "../entities/approval.js";
import { assignmentDecision } from "../entities/assignment-decision.js";
import { automationVersion } from "../entities/automation.js";
import { incomingMessage } from "../entities/connection.js";
import { webhookDelivery } from "../entities/webhook-endpoint.js";
import { workflowRun, workflowStep } from "../entities/workflow-run.js";

/** What only the plugin writes: a vote that anybody could write would be nobody's. */
const BOOKS: readonly AnyEntity[] = [
  approval,
  approvalVote,
  assignmentDecision,
  automationVersion,
  workflowRun,
  workflowStep,
  webhookDelivery,
  incomingMessage,
];

export const keepBooks: readonly HookDefinition[] = BOOKS.flatMap((entity) =>
  (["create", "update", "delete", "restore", "purge"] as const).map((operation) =>
    before(
      entity,
      operation,
      { name: `workflow.keep-${entity.name}-${operation}`, stage: "early" },
      (_: readonly unknown[], ctx: Context) => {
        if (ctx.actor.kind === "system") return;
        throw Forbidden({
          reason: `${entity.name} records are written by the actions of the workflow plugin alone.`,
        });
      },
    ),
  ),
);
