import { contact, defineAction, Type } from "@corm/core";
import { segment } from "../entities/segment.js";
import { audienceOf } from "../segments/audience.js";

const text = Type.Union([Type.String(), Type.Null()]);

/** `POST /api/segments/{id}/preview`: how many are in a segment now, and some of them. */
export const previewSegment = defineAction({
  name: "preview",
  on: segment,
  label: "Preview",
  description: "Counts the people of a segment and shows some of them.",
  readOnly: true,
  input: Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, default: 10 })) }),
  output: Type.Object({
    count: Type.Integer(),
    sample: Type.Array(
      Type.Object({ id: Type.String(), firstName: text, lastName: Type.String(), email: text }),
    ),
  }),
  run: async ({ input, record }, ctx) => {
    const contacts = ctx.repo(contact);
    const where = audienceOf(record);
    const count = await contacts.count(where);
    const limit = input.limit ?? 10;
    const select = ["id", "firstName", "lastName", "email"] as const;
    const page =
      limit > 0
        ? await contacts.find({ where, select, orderBy: ["lastName", "firstName"], limit })
        : undefined;
    return { count, sample: page?.items ?? [] };
  },
});
