import { type Context, contact, isCormError } from "@corm/core";
import type { Segment, SegmentInput } from "../entities/segment.js";
import { InvalidSegment } from "../errors.js";
import { audienceOf } from "./audience.js";

/**
 * Refuses a condition that the database could not be asked: unknown fields and relations, wrong operators, wrong
 * kinds of values.
 *
 * @throws invalid-segment, naming the field
 */
export async function checkSegment(
  segment: Pick<SegmentInput, "name" | "kind"> & { readonly where?: Segment["where"] | undefined },
  ctx: Context,
): Promise<void> {
  const { name, kind } = segment;
  const where = segment.where ?? null;
  if (kind === "static") {
    if (where === null) return;
    const problem = "a static segment has members and no condition. Leave `where` out, or make it dynamic.";
    throw InvalidSegment({ segment: name, pointer: "/where", problem });
  }
  if (where === null || Object.keys(where).length === 0) {
    const problem =
      'a dynamic segment needs a condition in `where`, such as { account: { industry: "software" } }.';
    throw InvalidSegment({ segment: name, pointer: "/where", problem });
  }
  try {
    // Compiled like the real query, but about nobody.
    const nobody = { and: [audienceOf({ id: "", kind, where }), { id: { in: [] } }] };
    await ctx.repo(contact).first({ where: nobody, select: ["id"] });
  } catch (error) {
    if (!isCormError(error) || error.status !== 400) throw error;
    throw InvalidSegment({ segment: name, pointer: "/where", problem: error.message }, { cause: error });
  }
}
