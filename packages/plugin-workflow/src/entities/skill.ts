import { defineEntity, type Input, one, type Row, reference, Type, team, user } from "@corm/core";

const level = () => Type.Integer({ minimum: 1, maximum: 10 });

const draft = defineEntity("skill", {
  fields: {
    /** By which rules ask for it: `german`, `billing`. */
    key: Type.String({ pattern: "^[a-z][a-z0-9-]{0,59}$" }),
    name: Type.String({ minLength: 1, maxLength: 100 }),
  },
  unique: [["key"]],
  immutable: ["key"],
  searchable: ["key", "name"],
});

export interface Skill extends Row<typeof draft> {}
export interface SkillInput extends Input<typeof draft> {}
/** Something that people can do, and work asks for. */
export const skill = draft.as<Skill, SkillInput>();

const userSkillDraft = defineEntity("userSkill", {
  fields: {
    userId: reference(user, { onDelete: "cascade" }),
    skillId: reference(skill, { onDelete: "cascade" }),
    /** 1, a beginner, to 10. */
    level: level(),
  },
  relations: { user: one("userId"), skill: one("skillId") },
  unique: [["userId", "skillId"]],
});

export interface UserSkill extends Row<typeof userSkillDraft> {}
export interface UserSkillInput extends Input<typeof userSkillDraft> {}
/** How well somebody can do something. */
export const userSkill = userSkillDraft.as<UserSkill, UserSkillInput>();

const teamSkillDraft = defineEntity("teamSkill", {
  fields: {
    teamId: reference(team, { onDelete: "cascade" }),
    skillId: reference(skill, { onDelete: "cascade" }),
    level: level(),
    /** How many of the team should have it at this level. */
    people: Type.Integer({ minimum: 1, maximum: 100_000 }),
  },
  relations: { team: one("teamId"), skill: one("skillId") },
  unique: [["teamId", "skillId", "level"]],
});

export interface TeamSkill extends Row<typeof teamSkillDraft> {}
export interface TeamSkillInput extends Input<typeof teamSkillDraft> {}
/** What a team needs. */
export const teamSkill = teamSkillDraft.as<TeamSkill, TeamSkillInput>();
