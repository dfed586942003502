import type { PipelineInput } from "../entities/pipeline.js";
import type { Stage } from "../entities/stage.js";

/** One stage of the pipeline that a new tenant gets. Their order is the order of the pipeline. */
export interface StageTemplate {
  readonly key: string;
  readonly name: string;
  readonly kind: Stage["kind"];
  /** Per cent; stated for open stages only. */
  readonly probability?: number;
  readonly forecastCategory?: Stage["forecastCategory"];
}

/** The pipeline that a new tenant gets. */
export interface PipelineTemplate extends Pick<PipelineInput, "key" | "name"> {
  readonly stages: readonly StageTemplate[];
}

export const standardPipeline: PipelineTemplate = {
  key: "sales",
  name: "Sales",
  stages: [
    { key: "prospecting", name: "Prospecting", kind: "open", probability: 10 },
    { key: "qualification", name: "Qualification", kind: "open", probability: 25 },
    { key: "proposal", name: "Proposal", kind: "open", probability: 50, forecastCategory: "bestCase" },
    { key: "negotiation", name: "Negotiation", kind: "open", probability: 75, forecastCategory: "commit" },
    { key: "won", name: "Won", kind: "won" },
    { key: "lost", name: "Lost", kind: "lost" },
  ],
};

/** What is wrong with a template; each sentence says what to change. */
export function templateProblems({ stages }: PipelineTemplate): string[] {
  const problems: string[] = [];
  const keys = new Set<string>();
  for (const { key, kind, probability } of stages) {
    if (keys.has(key)) problems.push(`/pipeline/stages names the key "${key}" twice`);
    keys.add(key);
    const closed = kind === "won" ? 100 : kind === "lost" ? 0 : probability;
    if (closed === undefined) problems.push(`/pipeline/stages: the open stage "${key}" needs a probability`);
    else if (probability !== undefined && probability !== closed) {
      problems.push(`/pipeline/stages: the ${kind} stage "${key}" has probability ${closed}: leave it out`);
    }
  }
  for (const kind of ["open", "won", "lost"] as const) {
    if (!stages.some((stage) => stage.kind === kind)) {
      problems.push(`/pipeline/stages needs at least one ${kind} stage`);
    }
  }
  if (stages[0] && stages[0].kind !== "open") problems.push(`/pipeline/stages must begin with an open stage`);
  return problems;
}
