import { Type } from "@corm/core";
import { targetOf } from "../assignment/target.js";
import { StepUnable } from "../errors.js";
import { defineStep } from "./step-kind.js";

const values = Type.Record(Type.String(), Type.Unknown());

/** Changes the record of the run, or another one that `entity` and `recordId` name. */
export const updateStep = defineStep({
  name: "update",
  label: "Change a record",
  input: Type.Object({
    set: values,
    entity: Type.Optional(Type.String()),
    recordId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  }),
  check: ({ set, entity, recordId }, ctx) => {
    if ((entity === undefined) !== (recordId === undefined)) return `says "entity" and "recordId" together`;
    if (typeof entity !== "string") return null;
    return unknownField(ctx.catalog.entities.get(entity)?.fields, entity, set);
  },
  run: async ({ set, entity, recordId }, { ctx, run }) => {
    const [target, id] = entity === undefined ? [run.target, run.recordId] : [entity, recordId ?? null];
    if (target === null || id === null)
      throw StepUnable({ step: "update", reason: "has no record to change" });
    const row = await targetOf(ctx, target).update(id, set);
    return { output: { id: row.id, version: row.version } };
  },
});

/** What is wrong with the fields that a step sets; null where nothing is. */
export function unknownField(
  fields: ReadonlyMap<string, unknown> | undefined,
  entity: string,
  set: unknown,
): string | null {
  if (!fields) return `"${entity}" is no entity of this app`;
  const unknown = Object.keys((set ?? {}) as object).find((name) => !fields.has(name));
  return unknown === undefined ? null : `${entity} has no field "${unknown}" that you may see`;
}
