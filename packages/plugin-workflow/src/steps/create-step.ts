import { Type } from "@corm/core";
import { targetOf } from "../assignment/target.js";
import { defineStep } from "./step-kind.js";
import { unknownField } from "./update-step.js";

/** Makes a record. Later steps find it as `steps.<id>.id`. */
export const createStep = defineStep({
  name: "create",
  label: "Make a record",
  input: Type.Object({ entity: Type.String(), set: Type.Record(Type.String(), Type.Unknown()) }),
  check: ({ entity, set }, ctx) =>
    unknownField(ctx.catalog.entities.get(String(entity))?.fields, String(entity), set),
  run: async ({ entity, set }, { ctx }) => {
    const { id } = await targetOf(ctx, entity).create(set);
    return { output: { id } };
  },
});
