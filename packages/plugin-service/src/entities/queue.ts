import { defineEntity, type Input, one, type Row, reference, Type, team, withDefault } from "@corm/core";

const draft = defineEntity("queue", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** Tickets that come into it belong to this team, unless they name another one. */
    teamId: Type.Optional(reference(team, { onDelete: "set null" })),
    /** Its tickets are given to people by the rules of the tenant, where a plugin keeps some; otherwise people take them. */
    givesOut: withDefault(Type.Boolean(), true),
  },
  relations: { team: one("teamId") },
  unique: [["name"]],
  searchable: ["name"],
});

export interface Queue extends Row<typeof draft> {}
export interface QueueInput extends Input<typeof draft> {}
/** Where tickets wait for somebody to take them. */
export const queue = draft.as<Queue, QueueInput>();
