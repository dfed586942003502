import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { reference } from "../../schema/field.js";
import { user } from "./user.js";

const draft = defineEntity("team", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    region: Type.Optional(Type.String({ maxLength: 100 })),
    managerId: Type.Optional(reference(user, { onDelete: "set null" })),
  },
  relations: { manager: one("managerId") },
  unique: [["name"]],
  searchable: ["name"],
});

export interface Team extends Row<typeof draft> {}
export interface TeamInput extends Input<typeof draft> {}
/** People who share work, records and targets. */
export const team = draft.as<Team, TeamInput>();

const memberDraft = defineEntity("teamMember", {
  fields: {
    teamId: reference(team, { onDelete: "cascade" }),
    userId: reference(user, { onDelete: "cascade" }),
    role: Type.Optional(Type.String({ maxLength: 100 })),
  },
  relations: { team: one("teamId"), user: one("userId") },
  unique: [["teamId", "userId"]],
});

export interface TeamMember extends Row<typeof memberDraft> {}
export interface TeamMemberInput extends Input<typeof memberDraft> {}
/** One person's place in one team. */
export const teamMember = memberDraft.as<TeamMember, TeamMemberInput>();
