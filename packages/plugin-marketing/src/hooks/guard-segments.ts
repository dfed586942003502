import { before, type Context, type HookDefinition } from "@corm/core";
import { segment } from "../entities/segment.js";
import { segmentMember } from "../entities/segment-member.js";
import { InvalidSegment } from "../errors.js";
import { checkSegment } from "../segments/check-segment.js";

/** A condition is tried when it is saved, not when somebody is to be written to. */
const checkOnCreate = before(segment, "create", { name: "marketing.segment-check" }, async (batch, ctx) => {
  for (const { input } of batch) await checkSegment(input, ctx);
});

const checkOnUpdate = before(segment, "update", { name: "marketing.segment-recheck" }, async (batch, ctx) => {
  for (const { before: old, patch } of batch) {
    if (patch.where === undefined) continue;
    await checkSegment({ name: patch.name ?? old.name, kind: old.kind, where: patch.where }, ctx);
  }
});

/** Only static segments have members that somebody adds. */
const staticOnly = before(
  segmentMember,
  "create",
  { name: "marketing.segment-static" },
  async (batch, ctx: Context) => {
    const ids = [...new Set(batch.map(({ input }) => input.segmentId))];
    const found = ctx.repo(segment).stream({
      where: { id: { in: ids }, kind: "dynamic" },
      select: ["id", "name"],
    });
    for await (const { name } of found) {
      const problem =
        "a dynamic segment finds its members itself. Change its condition, or use a static one.";
      throw InvalidSegment({ segment: name, pointer: "/segmentId", problem });
    }
  },
);

export const guardSegments: readonly HookDefinition[] = [checkOnCreate, checkOnUpdate, staticOnly];
