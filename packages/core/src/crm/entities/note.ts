import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { longText, recordId, reference } from "../../schema/field.js";
import { user } from "./user.js";

const draft = defineEntity("note", {
  fields: {
    /** Name of the entity that it hangs on, such as `contact`. */
    entity: Type.String({ minLength: 1, maxLength: 48 }),
    recordId: recordId(),
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    body: longText({ maxLength: 100_000 }),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
  },
  relations: { owner: one("ownerId") },
  attachedTo: { entity: "entity", record: "recordId" },
  indexes: [["entity", "recordId"]],
  searchable: ["title", "body"],
});

export interface Note extends Row<typeof draft> {}
export interface NoteInput extends Input<typeof draft> {}
/** What somebody wrote down about a record of any entity. */
export const note = draft.as<Note, NoteInput>();
