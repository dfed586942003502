import { defineEntity, type Input, type Row, Type, withDefault } from "@corm/core";

const draft = defineEntity("leadSource", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    description: Type.Optional(Type.String({ maxLength: 500 })),
    active: withDefault(Type.Boolean(), true),
  },
  unique: [["name"]],
});

export interface LeadSource extends Row<typeof draft> {}
export interface LeadSourceInput extends Input<typeof draft> {}
/** Where leads come from: a fair, a partner, the web site. What a report splits them by. */
export const leadSource = draft.as<LeadSource, LeadSourceInput>();
