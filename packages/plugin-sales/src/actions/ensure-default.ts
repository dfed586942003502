import { defineAction, Type } from "@corm/core";
import { pipeline } from "../entities/pipeline.js";
import { pipelines } from "../services/pipelines.js";

/** Makes the pipeline of the plugin's options where the tenant has none. `POST /api/pipelines/ensure-default` */
export const ensureDefault = defineAction({
  name: "ensureDefault",
  on: pipeline,
  collection: true,
  label: "Ensure a pipeline",
  description: "Answers the tenant's default pipeline, and makes it where there is none yet.",
  input: Type.Object({}),
  output: Type.Object({ id: Type.String(), key: Type.String(), name: Type.String() }),
  run: async (_, ctx) => {
    const { id, key, name } = await ctx.service(pipelines).ensureDefault();
    return { id, key, name };
  },
});
