import { defineEntity, type Input, json, longText, oneOf, type Row, Type, withDefault } from "@corm/core";

const draft = defineEntity("segment", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    description: Type.Optional(longText({ maxLength: 2_000 })),
    /** What the segment is made of. */
    entity: withDefault(oneOf(["contact"]), "contact"),
    /** `static`: the members that were added. `dynamic`: whoever satisfies `where` at the moment. */
    kind: oneOf(["static", "dynamic"]),
    /** Of a dynamic segment: a condition in the query language, such as `{ account: { industry: "software" } }`. */
    where: Type.Optional(json(Type.Record(Type.String(), Type.Unknown()))),
  },
  unique: [["name"]],
  immutable: ["entity", "kind"],
  searchable: ["name"],
});

export interface Segment extends Row<typeof draft> {}
export interface SegmentInput extends Input<typeof draft> {}
/** People with something in common. */
export const segment = draft.as<Segment, SegmentInput>();
