import type { Issue } from "@corm/core";
import type { Opportunity, OpportunityInput } from "../entities/opportunity.js";
import type { Stage } from "../entities/stage.js";
import type { StageDirectory } from "../services/stage-directory.js";

/** The fields of an input or patch by which a caller may name a stage. Untrusted: they are validated later. */
export type StageWish = Pick<Partial<OpportunityInput>, "stage" | "stageId" | "pipelineId">;

/** True where the caller says anything about the stage. */
export function namesStage(wish: StageWish): boolean {
  return wish.stage != null || wish.stageId != null || wish.pipelineId != null;
}

/** The stage that a caller means, or what is wrong with what he says. */
export function chooseStage(
  wish: StageWish,
  before: Opportunity | null,
  stages: StageDirectory,
  defaultPipelineId: string | undefined,
): Stage | Issue {
  if (wish.stageId != null) return byId(wish, stages);
  const pipelineId = wish.pipelineId ?? before?.pipelineId ?? defaultPipelineId;
  const listed = typeof pipelineId === "string" ? stages.inPipeline(pipelineId) : [];
  const first = listed.find((stage) => stage.kind === "open");
  if (!first) {
    return issue("pipelineId", "unknown-pipeline", `there is no pipeline ${pipelineId} with an open stage`);
  }
  if (wish.stage == null && before === null) return first;
  // A move to another pipeline that names no stage keeps the stage, where the other one has it.
  const key = wish.stage ?? before?.stage;
  const found = listed.find((stage) => stage.key === key);
  if (found) return found;
  const keys = listed.map((stage) => stage.key).join(", ");
  return issue("stage", "unknown-stage", `"${key}" is not a stage of this pipeline, which has ${keys}`);
}

function byId(wish: StageWish, stages: StageDirectory): Stage | Issue {
  const found = typeof wish.stageId === "string" ? stages.byId(wish.stageId) : undefined;
  if (!found) return issue("stageId", "unknown-stage", `there is no stage ${wish.stageId}`);
  if (wish.stage != null && wish.stage !== found.key) {
    return issue("stage", "unknown-stage", `"${wish.stage}" is not the stage of "stageId", "${found.key}"`);
  }
  if (wish.pipelineId != null && wish.pipelineId !== found.pipelineId) {
    return issue("pipelineId", "unknown-pipeline", `is not the pipeline of "stageId", ${found.pipelineId}`);
  }
  return found;
}

export function isIssue(value: Stage | Issue): value is Issue {
  return "pointer" in value;
}

function issue(field: string, code: string, message: string): Issue {
  return { pointer: `/${field}`, code, message };
}
