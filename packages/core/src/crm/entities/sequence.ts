import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";

const draft = defineEntity("sequence", {
  fields: {
    key: Type.String({ minLength: 1, maxLength: 100 }),
    /** The number given out last. */
    value: Type.Integer({ minimum: 0 }),
  },
  unique: [["key"]],
  internal: true,
  journal: false,
});

export interface Sequence extends Row<typeof draft> {}
export interface SequenceInput extends Input<typeof draft> {}
/** A counter for human-readable numbers. */
export const sequence = draft.as<Sequence, SequenceInput>();
