import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { reference } from "../../schema/field.js";
import { user } from "./user.js";

const draft = defineEntity("subordinate", {
  fields: {
    managerId: reference(user, { onDelete: "cascade" }),
    /** Somebody below the manager, at any depth. */
    userId: reference(user, { onDelete: "cascade" }),
  },
  unique: [["managerId", "userId"]],
  internal: true,
});

export interface Subordinate extends Row<typeof draft> {}
export interface SubordinateInput extends Input<typeof draft> {}
/** The hierarchy of managers spelt out, pair by pair, so that a filter can ask for a whole subtree by one index. */
export const subordinate = draft.as<Subordinate, SubordinateInput>();
