import {
  defineEntity,
  type Input,
  json,
  one,
  oneOf,
  type Row,
  reference,
  Type,
  team,
  user,
  withDefault,
} from "@corm/core";

const condition = () => json(Type.Record(Type.String(), Type.Unknown()));
const minutes = () => Type.Integer({ minimum: 1, maximum: 525_600 });

const draft = defineEntity("assignmentRule", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** Name of the entity whose records it gives to people. */
    target: Type.String({ pattern: "^[a-z][a-zA-Z0-9]{0,47}$" }),
    active: withDefault(Type.Boolean(), true),
    /** Rules are asked in this order, the lowest first; the first that a record satisfies decides. */
    priority: withDefault(Type.Integer({ minimum: 0, maximum: 1_000_000 }), 100),
    /** Records that the rule is for, in the filter language. Default: all. */
    where: Type.Optional(condition()),
    strategy: withDefault(oneOf(["roundRobin", "loadBalanced", "weighted", "territory"]), "roundRobin"),
    /** Its members are the candidates. */
    teamId: reference(team, { onDelete: "cascade" }),
    /** Who comes first where he can take it: the owner of the record's account, or who had the record last. */
    prefer: withDefault(json(Type.Array(Type.Enum(["accountOwner", "lastHolder"]), { maxItems: 2 })), []),
    /** Which records of a person count as open, for capacity and `loadBalanced`. Default: all that he has. */
    open: Type.Optional(condition()),
    /** Skills by key, with the level that is needed; given up when a record has waited for so long. */
    requires: withDefault(
      json(
        Type.Array(
          Type.Object({
            skill: Type.String({ minLength: 1, maxLength: 60 }),
            level: Type.Integer({ minimum: 1, maximum: 10 }),
            relaxAfterMinutes: Type.Optional(minutes()),
          }),
          { maxItems: 20 },
        ),
      ),
      [],
    ),
    /** Whose members are asked when nobody of the team could take it for `overflowAfterMinutes`. */
    overflowTeamId: Type.Optional(reference(team, { onDelete: "set null" })),
    overflowAfterMinutes: withDefault(Type.Integer({ minimum: 0, maximum: 525_600 }), 0),
    /** Who gets what nobody can take, whatever he has. */
    fallbackUserId: Type.Optional(reference(user, { onDelete: "set null" })),
    /** A record that its owner has not touched for so many minutes of his working time goes to the next one. */
    returnAfterMinutes: Type.Optional(minutes()),
  },
  relations: {
    team: one("teamId"),
    overflowTeam: one("overflowTeamId"),
    fallbackUser: one("fallbackUserId"),
  },
  unique: [["target", "name"]],
  indexes: [["target", "active", "priority"]],
  searchable: ["name"],
});

export interface AssignmentRule extends Row<typeof draft> {}
export interface AssignmentRuleInput extends Input<typeof draft> {}
/** To whom records of one kind are given. */
export const assignmentRule = draft.as<AssignmentRule, AssignmentRuleInput>();
