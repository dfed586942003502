import { type Context, defineService, TransactionConflict, UniqueViolation } from "@corm/core";
import { type Pipeline, pipeline } from "../entities/pipeline.js";
import { stage } from "../entities/stage.js";
import type { PipelineTemplate } from "./default-pipeline.js";

/** What the plugin knows about pipelines, for hooks, actions and other plugins. */
export interface Pipelines {
  /** The tenant's default pipeline, or null where it has none yet. */
  findDefault(): Promise<Pipeline | null>;
  /** The tenant's default pipeline; made of the plugin's options where the tenant has no pipeline at all. */
  ensureDefault(): Promise<Pipeline>;
}

export const pipelines = defineService<Pipelines>("sales.pipelines");

export function pipelinesOf(ctx: Context, template: PipelineTemplate): Pipelines {
  return {
    findDefault: () => findDefault(ctx),
    ensureDefault: async () => (await findDefault(ctx)) ?? (await makeDefault(ctx, template)),
  };
}

function findDefault(ctx: Context): Promise<Pipeline | null> {
  return ctx
    .asSystem({ capability: "sales.pipelines", reason: "default pipeline" })
    .repo(pipeline)
    .first({ orderBy: ["position", "id"] });
}

/** Two first opportunities of a tenant may arrive at once: the unique key lets one of them make the pipeline. */
function makeDefault(ctx: Context, template: PipelineTemplate): Promise<Pipeline> {
  return ctx.transaction(async (tx) => {
    try {
      return await tx.savepoint((sp) =>
        write(sp.asSystem({ capability: "sales.pipelines", reason: "default pipeline" }), template),
      );
    } catch (error) {
      if (!UniqueViolation.is(error)) throw error;
      const other = await findDefault(tx);
      if (other) return other;
      const reason = `pipeline "${template.key}" was made twice`;
      throw TransactionConflict({ reason }, { cause: error });
    }
  });
}

async function write(ctx: Context, { key, name, stages }: PipelineTemplate): Promise<Pipeline> {
  const made = await ctx.repo(pipeline).create({ key, name });
  await ctx
    .repo(stage)
    .createMany(stages.map((given, i) => ({ ...given, pipelineId: made.id, position: i + 1 })));
  return made;
}
