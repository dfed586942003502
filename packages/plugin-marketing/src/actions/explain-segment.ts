import { defineAction, Type } from "@corm/core";
import { segment } from "../entities/segment.js";
import { explainMembership } from "../segments/explain.js";

/** `POST /api/segments/{id}/explain`: why a contact is in a segment or not. */
export const explainSegment = defineAction({
  name: "explain",
  on: segment,
  label: "Explain",
  description:
    "Says whether a contact is in a segment, and which parts of its condition the contact satisfies.",
  readOnly: true,
  input: Type.Object({ contactId: Type.String({ format: "uuid" }) }),
  output: Type.Object({
    member: Type.Boolean(),
    parts: Type.Array(Type.Object({ path: Type.String(), condition: Type.Unknown(), holds: Type.Boolean() })),
  }),
  run: async ({ input, record }, ctx) => {
    const { member, parts } = await explainMembership(record, input.contactId, ctx);
    return { member, parts: [...parts] };
  },
});
