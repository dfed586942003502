import type { Context, Where } from "@corm/core";
import { type Stage, stage } from "../entities/stage.js";

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The stages that one batch of opportunities may be about. */
export interface StageDirectory {
  byId(id: string): Stage | undefined;
  /** By position. */
  inPipeline(pipelineId: string): readonly Stage[];
}

/** Loads all stages of the given pipelines, and the given stages, in one query. What is no id is not found. */
export async function loadStages(
  ctx: Context,
  wanted: { readonly pipelineIds: Iterable<unknown>; readonly stageIds: Iterable<unknown> },
): Promise<StageDirectory> {
  const pipelineIds = idsOf(wanted.pipelineIds);
  const stageIds = idsOf(wanted.stageIds);
  const asked: Where<Stage>[] = [];
  if (pipelineIds.length > 0) asked.push({ pipelineId: { in: pipelineIds } });
  if (stageIds.length > 0) asked.push({ id: { in: stageIds } });
  const found: Stage[] = [];
  if (asked.length > 0) {
    // How the company works is everybody's to follow, also of those who may not look at it.
    const system = ctx.asSystem({ capability: "sales.pipelines", reason: "stages of a pipeline" });
    const stages = system.repo(stage).stream({ where: { or: asked }, orderBy: ["position", "id"] });
    for await (const each of stages) found.push(each);
  }
  const byId = new Map(found.map((each) => [each.id, each]));
  return {
    byId: (id) => byId.get(id.toLowerCase()),
    inPipeline: (id) => found.filter((each) => each.pipelineId === id.toLowerCase()),
  };
}

function idsOf(values: Iterable<unknown>): string[] {
  const ids = new Set<string>();
  for (const value of values) {
    if (typeof value === "string" && ID.test(value)) ids.add(value.toLowerCase());
  }
  return [...ids];
}
