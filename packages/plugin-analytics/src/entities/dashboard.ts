import { defineEntity, type Input, json, type Row, Type } from "@corm/core";
import { panelSchema } from "../dashboard/panels.js";

const draft = defineEntity("dashboard", {
  fields: {
    /** Part of its address: `/api/dashboard?name=sales`. */
    name: Type.String({ pattern: "^[a-z][a-z0-9-]*$", maxLength: 100 }),
    title: Type.String({ minLength: 1, maxLength: 200 }),
    /** In the order in which they are shown. */
    panels: json(Type.Array(panelSchema, { minItems: 1, maxItems: 40 })),
  },
  unique: [["name"]],
  searchable: ["name", "title"],
});

export interface Dashboard extends Row<typeof draft> {}
export interface DashboardInput extends Input<typeof draft> {}
/** Panels that belong together, kept under a name. */
export const dashboard = draft.as<Dashboard, DashboardInput>();
