import {
  definePlugin,
  InvalidOptions,
  type OptionsOf,
  oneOf,
  opportunities,
  type PluginFactory,
  type PluginOf,
  provide,
} from "@corm/core";
import Type from "typebox";
import { configure } from "./actions/configure.js";
import { ensureDefault } from "./actions/ensure-default.js";
import { moveTo } from "./actions/move-to.js";
import { resolvePrices } from "./actions/resolve-prices.js";
import { salesReport } from "./actions/sales-report.js";
import {
  accountWithOpportunities,
  activityOfOpportunity,
  contactWithOpportunities,
  opportunity,
} from "./entities/opportunity.js";
import { pipeline } from "./entities/pipeline.js";
import { priceBook, priceBookEntry, priceBookWithEntries } from "./entities/price-book.js";
import { product } from "./entities/product.js";
import { productOption, productWithOptions } from "./entities/product-option.js";
import { pipelineWithStages, stage } from "./entities/stage.js";
import { opportunityWithHistory, stageVisit } from "./entities/stage-visit.js";
import { checkPrices } from "./hooks/check-prices.js";
import { fillStages } from "./hooks/fill-stages.js";
import { guardVisits } from "./hooks/guard-visits.js";
import { placeOpportunities } from "./hooks/place-opportunities.js";
import { recordVisits } from "./hooks/record-visits.js";
import { metrics } from "./metrics.js";
import { privacy } from "./privacy.js";
import { pricing, pricingOf } from "./products/prices.js";
import { type PipelineTemplate, standardPipeline, templateProblems } from "./services/default-pipeline.js";
import { opportunitiesOf } from "./services/opportunities.js";
import { pipelines, pipelinesOf } from "./services/pipelines.js";
import { timeline } from "./timeline.js";

const key = Type.String({ pattern: "^[a-z][a-z0-9-]*$", maxLength: 50 });
const name = Type.String({ minLength: 1, maxLength: 100 });
const stageTemplate = Type.Object(
  {
    key,
    name,
    kind: oneOf(["open", "won", "lost"]),
    probability: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
    forecastCategory: Type.Optional(oneOf(["omitted", "pipeline", "bestCase", "commit", "closed"])),
  },
  { additionalProperties: false },
);

const plugin = definePlugin({
  name: "sales",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  options: Type.Object({
    pipeline: Type.Unsafe<PipelineTemplate>(
      Type.Object(
        { key, name, stages: Type.Array(stageTemplate, { minItems: 3, maxItems: 50 }) },
        { additionalProperties: false, default: standardPipeline },
      ),
    ),
  }),
  setup: (options) => {
    const template = options.pipeline;
    const problems = templateProblems(template);
    if (problems.length > 0) throw InvalidOptions({ plugin: "sales", problems, allowed: ["pipeline"] });
    return {
      entities: {
        opportunity,
        pipeline,
        priceBook,
        priceBookEntry,
        product,
        productOption,
        stage,
        stageVisit,
      },
      extends: {
        account: accountWithOpportunities,
        contact: contactWithOpportunities,
        activity: activityOfOpportunity,
        pipeline: pipelineWithStages,
        priceBook: priceBookWithEntries,
        product: productWithOptions,
        opportunity: opportunityWithHistory,
      },
      actions: { configure, ensureDefault, moveTo, resolvePrices, salesReport },
      capabilities: {
        "sales.pipelines": "Keeps the default pipeline, and every visit of a stage",
        "sales.pricing": "Reads prices, and the rules by which products are put together",
      },
      hooks: [...checkPrices, ...fillStages, ...placeOpportunities, ...recordVisits, ...guardVisits],
      services: [
        provide(pipelines, (ctx) => pipelinesOf(ctx, template)),
        provide(opportunities, opportunitiesOf),
        provide(pricing, pricingOf),
      ],
      privacy,
      metrics,
      timeline,
      permissions: {
        "pipeline.ensureDefault": "Make the default pipeline where there is none",
        "product.configure": "Complete a configuration of a product",
        "priceBook.resolve": "Ask what products cost",
        "opportunity.moveTo": "Move an opportunity to another stage",
        "opportunity.salesReport": "Read the sales report",
      },
      start: async (crm) => {
        const tenant = crm.defaultTenant;
        if (tenant === undefined) return;
        await crm
          .system({ tenant, capability: "sales.pipelines", reason: "default pipeline" })
          .service(pipelines)
          .ensureDefault();
      },
    };
  },
});

export interface SalesPlugin extends PluginOf<typeof plugin> {}
export interface SalesOptions extends OptionsOf<typeof plugin> {}

/** Products, pipelines with stages, opportunities, and every visit of a stage. */
export const sales: PluginFactory<SalesPlugin, SalesOptions> = plugin;
