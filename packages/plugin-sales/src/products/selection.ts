import { Type } from "@corm/core";

/** How often options are chosen, by their keys; 0 keeps one out. */
export const optionSelection = Type.Record(
  Type.String({ pattern: "^[a-z][a-z0-9-]*$" }),
  Type.Integer({ minimum: 0, maximum: 100_000 }),
  { maxProperties: 500 },
);
