import { defineEntity, type Input, longText, type Row, Type } from "@corm/core";

const draft = defineEntity("competitor", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    website: Type.Optional(Type.String({ maxLength: 500 })),
    strengths: Type.Optional(longText({ maxLength: 10_000 })),
    weaknesses: Type.Optional(longText({ maxLength: 10_000 })),
  },
  unique: [["name"]],
  searchable: ["name"],
});

export interface Competitor extends Row<typeof draft> {}
export interface CompetitorInput extends Input<typeof draft> {}
/** Somebody who sells the same. */
export const competitor = draft.as<Competitor, CompetitorInput>();
