import { activity, Type } from "@corm/core";
import { targetOf } from "../assignment/target.js";
import { defineStep } from "./step-kind.js";

const id = () => Type.Optional(Type.Union([Type.String({ format: "uuid" }), Type.Null()]));

/** Makes a task, about the record of the run where activities can refer to such records. */
export const taskStep = defineStep({
  name: "task",
  label: "Give somebody a task",
  input: Type.Object({
    subject: Type.String({ minLength: 1, maxLength: 250 }),
    body: Type.Optional(Type.String()),
    ownerId: id(),
    /** RFC 3339, such as `{ "$now": { "days": 3 } }`. */
    dueAt: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  }),
  run: async (input, { ctx, run }) => {
    const reference = [...(ctx.catalog.entities.get(activity.name)?.fields.values() ?? [])].find(
      ({ kind, target, name }) => kind === "reference" && target === run.target && name !== "ownerId",
    );
    const about = reference && run.recordId !== null ? { [reference.name]: run.recordId } : {};
    const { id: made } = await targetOf(ctx, activity.name).create({ kind: "task", ...input, ...about });
    return { output: { id: made } };
  },
});
