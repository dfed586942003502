import {
  type Context,
  defineFunnel,
  defineMetric,
  defineRatio,
  type FunnelStep,
  type MetricDefinition,
} from "@corm/core";
import { opportunityWithHistory } from "./entities/extensions.js";
import { type Opportunity, opportunity } from "./entities/opportunity.js";
import type { StageVisit } from "./entities/stage-visit.js";
import { pipelines } from "./services/pipelines.js";
import { loadStages } from "./services/stage-directory.js";

const by = ["ownerId", "productId", "accountId", "pipelineId"] as const;
const won = { status: "won" } as const;
const decided = { status: { in: ["won", "lost"] } } as const;

/** Amounts of won opportunities, by close date. */
export const wonRevenue: MetricDefinition = defineMetric(opportunity, {
  name: "sales.wonRevenue",
  label: "Won revenue",
  description: "Sum of the amounts of won opportunities, by close date.",
  unit: "money",
  time: "closeDate",
  dimensions: by,
  measure: { sum: "amount", where: won },
});

/** Number of won opportunities, by close date. */
export const wonCount: MetricDefinition = defineMetric(opportunity, {
  name: "sales.wonCount",
  label: "Won opportunities",
  unit: "count",
  time: "closeDate",
  dimensions: by,
  measure: { count: true, where: won },
});

/** Average amount of won opportunities, by close date. */
export const averageDeal: MetricDefinition = defineMetric(opportunity, {
  name: "sales.averageDeal",
  label: "Average won amount",
  unit: "money",
  time: "closeDate",
  dimensions: by,
  measure: { avg: "amount", where: won },
});

/** Won by won and lost, by close date. */
export const winRate: MetricDefinition = defineRatio(opportunity, {
  name: "sales.winRate",
  label: "Win rate",
  description: "Won opportunities divided by won and lost ones, by close date.",
  time: "closeDate",
  dimensions: by,
  numerator: { count: true, where: won },
  denominator: { count: true, where: decided },
});

/** Amounts of open opportunities, by expected close date. */
export const openPipeline: MetricDefinition = defineMetric(opportunity, {
  name: "sales.openPipeline",
  label: "Open pipeline",
  description: "Sum of the amounts of open opportunities, by expected close date.",
  unit: "money",
  time: "closeDate",
  dimensions: [...by, "stage"],
  measure: { sum: "amount", where: { status: "open" } },
});

/** Number of opportunities, by the day on which they were opened. */
export const opportunityCount: MetricDefinition = defineMetric(opportunity, {
  name: "sales.opportunities",
  label: "Opportunities",
  unit: "count",
  time: "openedOn",
  dimensions: [...by, "stage", "status"],
  measure: { count: true },
});

type Step = FunnelStep<Opportunity, { readonly visits: readonly StageVisit[] }>;

/** The open stages of the default pipeline, then won. A lost opportunity counts as far as it ever came. */
async function funnelSteps(ctx: Context): Promise<Step[]> {
  const pipeline = await ctx.service(pipelines).findDefault();
  if (!pipeline) return [];
  const pipelineId = pipeline.id;
  const stages = await loadStages(ctx, { pipelineIds: [pipelineId], stageIds: [] });
  const listed = stages.inPipeline(pipelineId);
  const won = listed.filter((stage) => stage.kind === "won");
  const open = listed.filter((stage) => stage.kind === "open");
  const steps = open.map(({ key, name }, i): Step => {
    const thisFar = [...open.slice(i), ...won].map((stage) => stage.id);
    const where = i === 0 ? {} : { visits: { some: { stageId: { in: thisFar } } } };
    return { name: key, label: name, where: { pipelineId, ...where } };
  });
  steps.push({ name: "won", label: won[0]?.name ?? "Won", where: { pipelineId, status: "won" } });
  return steps;
}

/** How many opportunities of the default pipeline come how far, by the day on which they were opened. */
export const funnel: MetricDefinition = defineFunnel(opportunityWithHistory, {
  name: "sales.funnel",
  label: "Sales funnel",
  description: "Opportunities of the default pipeline by the furthest stage that they reached.",
  time: "openedOn",
  dimensions: by,
  steps: funnelSteps,
});

export const metrics: readonly MetricDefinition[] = [
  wonRevenue,
  wonCount,
  averageDeal,
  winRate,
  openPipeline,
  opportunityCount,
  funnel,
];
