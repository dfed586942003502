import { defineEntity, type Input, one, type Row, reference, Type, team } from "@corm/core";

const draft = defineEntity("queue", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    teamId: Type.Optional(reference(team, { onDelete: "set null" })),
  },
  relations: { team: one("teamId") },
  unique: [["name"]],
  searchable: ["name"],
});

export interface Queue extends Row<typeof draft> {}
export interface QueueInput extends Input<typeof draft> {}
/** Where tickets wait for somebody to take them. */
export const queue = draft.as<Queue, QueueInput>();
