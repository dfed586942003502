import type { Context } from "@corm/core";
import { actionStep } from "./action-step.js";
import { approvalStep } from "./approval-step.js";
import { connectorStep } from "./connector-step.js";
import { createStep } from "./create-step.js";
import { notifyStep } from "./notify-step.js";
import { sendStep } from "./send-step.js";
import { type StepKind, stepKinds } from "./step-kind.js";
import { taskStep } from "./task-step.js";
import { updateStep } from "./update-step.js";
import { waitStep } from "./wait-step.js";
import { webhookStep } from "./webhook-step.js";

const OWN: ReadonlyMap<string, StepKind> = new Map(
  [
    actionStep,
    approvalStep,
    createStep,
    notifyStep,
    sendStep,
    taskStep,
    updateStep,
    waitStep,
    webhookStep,
    connectorStep,
  ].map((kind) => [kind.name, kind]),
);

/** A kind of step by its name, of this plugin or of others. */
export function kindOf(ctx: Context, name: string): StepKind | undefined {
  return OWN.get(name) ?? ctx.contributions(stepKinds).find((kind) => kind.name === name);
}
