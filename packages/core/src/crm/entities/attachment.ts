import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { filledByHook, recordId, reference } from "../../schema/field.js";
import { user } from "./user.js";

const draft = defineEntity("attachment", {
  fields: {
    /** Name of the entity that it hangs on, such as `contact`. */
    entity: Type.String({ minLength: 1, maxLength: 48 }),
    recordId: recordId(),
    /** Without a path, and safe to save under anywhere. */
    name: Type.String({ minLength: 1, maxLength: 200 }),
    /** On create what an upload has answered; after that the file's place in the store. */
    key: Type.String({ minLength: 1, maxLength: 500 }),
    /** What its bytes say that it is, or else what it was called; never a reason to show it. */
    contentType: filledByHook(Type.String({ maxLength: 130 })),
    /** Bytes. */
    size: filledByHook(Type.Integer({ minimum: 0 })),
    /** SHA-256 of its bytes, 64 hexadecimal digits. */
    sha256: filledByHook(Type.String({ minLength: 64, maxLength: 64 })),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
  },
  relations: { owner: one("ownerId") },
  attachedTo: { entity: "entity", record: "recordId" },
  indexes: [["entity", "recordId"], ["sha256"]],
  unique: [["key"]],
  immutable: ["key", "contentType", "size", "sha256"],
  searchable: ["name"],
});

export interface Attachment extends Row<typeof draft> {}
export interface AttachmentInput extends Input<typeof draft> {}
/** A file on a record of any entity. Its bytes are in the file store of the app. */
export const attachment = draft.as<Attachment, AttachmentInput>();
