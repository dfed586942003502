import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { recordId, reference } from "../../schema/field.js";

const draft = defineEntity("tag", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** `#rrggbb`, for screens. */
    color: Type.Optional(Type.String({ pattern: "^#[0-9a-fA-F]{6}$" })),
    description: Type.Optional(Type.String({ maxLength: 500 })),
  },
  unique: [["name"]],
  searchable: ["name"],
});

export interface Tag extends Row<typeof draft> {}
export interface TagInput extends Input<typeof draft> {}
/** A word by which records of any entity are put together. */
export const tag = draft.as<Tag, TagInput>();

const taggingDraft = defineEntity("tagging", {
  fields: {
    tagId: reference(tag, { onDelete: "cascade" }),
    /** Name of the entity that is tagged, such as `contact`. */
    entity: Type.String({ minLength: 1, maxLength: 48 }),
    recordId: recordId(),
  },
  relations: { tag: one("tagId") },
  attachedTo: { entity: "entity", record: "recordId" },
  indexes: [["entity", "recordId"]],
  unique: [["tagId", "entity", "recordId"]],
  immutable: ["tagId"],
});

export interface Tagging extends Row<typeof taggingDraft> {}
export interface TaggingInput extends Input<typeof taggingDraft> {}
/** One tag on one record. */
export const tagging = taggingDraft.as<Tagging, TaggingInput>();
