import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { oneOf, recordId, reference, withDefault } from "../../schema/field.js";
import { team } from "./team.js";
import { user } from "./user.js";

const draft = defineEntity("recordShare", {
  label: "Share",
  fields: {
    /** Name of the shared record's entity. */
    entity: Type.String({ minLength: 1, maxLength: 48 }),
    recordId: recordId(),
    /** With whom: exactly one of a user, a team and a role. */
    userId: Type.Optional(reference(user, { onDelete: "cascade" })),
    teamId: Type.Optional(reference(team, { onDelete: "cascade" })),
    role: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    level: withDefault(oneOf(["read", "edit"]), "read"),
    /** Whether somebody shared it, or a rule did. */
    reason: withDefault(oneOf(["manual", "rule", "team", "implicit"]), "manual"),
  },
  relations: { user: one("userId"), team: one("teamId") },
  indexes: [["recordId"]],
  // In the order in which access looks: what is shared with somebody is read from these alone.
  unique: [
    ["entity", "userId", "recordId"],
    ["entity", "teamId", "recordId"],
    ["entity", "role", "recordId"],
  ],
  immutable: ["entity", "recordId", "userId", "teamId", "role"],
});

export interface RecordShare extends Row<typeof draft> {}
export interface RecordShareInput extends Input<typeof draft> {}
/** One record opened to a user, a team or a role beyond what their roles reach by themselves. */
export const recordShare = draft.as<RecordShare, RecordShareInput>();
