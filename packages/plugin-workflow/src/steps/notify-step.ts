import { Type } from "@corm/core";
import { activeOf } from "../assignment/active-users.js";
import { notification } from "../entities/notification.js";
import { defineStep } from "./step-kind.js";

const user = () => Type.String({ format: "uuid" });

/** Tells users something in the app. Whoever is not active, or is nobody, is left out. */
export const notifyStep = defineStep({
  name: "notify",
  label: "Notify somebody",
  input: Type.Object({
    to: Type.Union([user(), Type.Null(), Type.Array(Type.Union([user(), Type.Null()]), { maxItems: 100 })]),
    title: Type.String({ minLength: 1, maxLength: 250 }),
    text: Type.Optional(Type.String({ maxLength: 10_000 })),
  }),
  run: async ({ to, title, text }, { books, run }) => {
    const wanted = [to].flat().filter((id) => id !== null);
    const active = wanted.length === 0 ? new Set<string>() : await activeOf(books, wanted);
    // By the plugin and not by the principal: whom he may tell something is not a right on records.
    const made = await books.repo(notification).createMany(
      [...active].map((ownerId) => ({
        ownerId,
        title: title.slice(0, 250),
        ...(text === undefined ? {} : { text }),
        ...(run.target === null || run.recordId === null
          ? {}
          : { entity: run.target, recordId: run.recordId }),
      })),
    );
    return { output: { count: made.length } };
  },
});
