import type { Issue } from "@corm/core";
import type { Opportunity, OpportunityInput } from "../entities/opportunity.js";
import type { Stage } from "../entities/stage.js";

/** Probability of an opportunity that is decided. */
const DECIDED = { won: 100, lost: 0 } as const;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

export interface Settling {
  /** The record as it is, or null for a new one. */
  readonly before: Opportunity | null;
  /** The stage it is to be in; null where the change is not about the stage. */
  readonly stage: Stage | null;
  /** `YYYY-MM-DD` */
  readonly today: string;
}

/**
 * Makes stage, status, probability and close date of an input or patch agree, and lists what cannot agree:
 * - the status follows from the stage;
 * - a decided opportunity has probability 100 or 0, an open one the stage's unless the caller says otherwise;
 * - a decision without a close date is taken today; one that is taken back leaves no close date behind;
 * - nothing closes before it was opened.
 */
export function settleOutcome(
  values: Partial<OpportunityInput>,
  { before, stage, today }: Settling,
): Issue[] {
  const issues: Issue[] = [];
  const status = stage?.kind ?? before?.status ?? "open";
  const moved = stage !== null && stage.id !== before?.stageId;
  if (stage) Object.assign(values, { stage: stage.key, stageId: stage.id, pipelineId: stage.pipelineId });

  if (values.status != null && values.status !== status) {
    issues.push(
      issue("status", "status-of-stage", `follows from the stage, which is ${status}: change that`),
    );
  } else if (moved) values.status = status;

  if (status === "open") {
    if (moved) values.probability ??= stage.probability;
  } else {
    if (values.probability != null && values.probability !== DECIDED[status]) {
      const message = `is ${DECIDED[status]} for an opportunity that is ${status}`;
      issues.push(issue("probability", "probability-of-decided", message));
    } else if (moved) values.probability = DECIDED[status];
  }

  const wasOpen = before === null || before.status === "open";
  if (status !== "open") {
    if (wasOpen) values.closeDate ??= today;
    else if (values.closeDate === null) {
      const message = `cannot be cleared while the opportunity is ${status}`;
      issues.push(issue("closeDate", "close-date-of-decided", message));
    }
  } else if (!wasOpen && values.closeDate === undefined) values.closeDate = null;

  const opened = values.openedOn === undefined ? before?.openedOn : values.openedOn;
  const closed = values.closeDate === undefined ? before?.closeDate : values.closeDate;
  if (isDate(opened) && isDate(closed) && closed < opened) {
    issues.push(issue("closeDate", "closed-before-opened", `${closed} lies before "openedOn", ${opened}`));
  }
  return issues;
}

/** Values are the caller's until they are validated, which happens after the hooks. */
function isDate(value: unknown): value is string {
  return typeof value === "string" && DATE.test(value);
}

function issue(field: string, code: string, message: string): Issue {
  return { pointer: `/${field}`, code, message };
}
