import Type from "typebox";
import { defineAction } from "../../actions/define-action.js";
import type { Context } from "../../context/context.js";
import { ValidationFailed } from "../../errors/core-errors.js";
import { defineEvent } from "../../events/define-event.js";
import { tag, tagging } from "../entities/tag.js";
import { nextNumber } from "../services/numbers.js";

export const APPLY_TAGS = "tag.apply";

const ids = (maxItems: number) =>
  Type.Array(Type.String({ format: "uuid" }), { maxItems, uniqueItems: true });

/** What became of a bulk tagging, as records of one entity. */
export interface TagResult {
  /** Tags that were put on records that did not have them, each counted by itself. */
  readonly added: number;
  readonly removed: number;
}

/** Tags were put on records, or taken off: one event for all of them. */
export const recordsTagged = defineEvent(
  "tag.applied",
  Type.Object({
    entity: Type.String(),
    /** Records of which something changed. */
    records: Type.Array(Type.String()),
    added: Type.Array(Type.String()),
    removed: Type.Array(Type.String()),
  }),
);

/** Puts tags on many records at once, and takes others off. What is so already is left as it is, and told to nobody. */
export const applyTags = defineAction({
  name: "apply",
  on: tag,
  collection: true,
  label: "Tag records",
  description: "Puts tags on up to 1,000 records of one entity and takes others off, in one transaction.",
  permission: APPLY_TAGS,
  input: Type.Object({
    entity: Type.String({ minLength: 1, maxLength: 48 }),
    records: ids(1_000),
    add: Type.Optional(ids(20)),
    remove: Type.Optional(ids(20)),
  }),
  output: Type.Object({ added: Type.Integer(), removed: Type.Integer() }),
  run: async ({ input }, ctx) => {
    const { entity, records, add = [], remove = [] } = input;
    const both = add.find((id) => remove.includes(id));
    if (both !== undefined)
      throw ValidationFailed({
        entity: "tag",
        issues: [{ pointer: "/remove", code: "both-ways", message: `adds and removes the tag ${both}` }],
      });
    // One at a time, so that two who tag the same records do not both find them without the tag.
    await nextNumber(ctx, "crm.tags");
    const there = await taggings(ctx, entity, records, [...add, ...remove]);
    const fresh = add.flatMap((tagId) =>
      records
        .filter((recordId) => !there.has(`${tagId} ${recordId}`))
        .map((recordId) => ({ tagId, entity, recordId })),
    );
    const gone = [...there.values()].filter(({ tagId }) => remove.includes(tagId));
    const repository = ctx.repo(tagging);
    await repository.createMany(fresh);
    if (gone.length > 0) await repository.purgeMany(gone.map(({ id }) => id));
    const changed = [...fresh, ...gone];
    if (changed.length > 0)
      await ctx.emit(recordsTagged, {
        entity,
        records: [...new Set(changed.map(({ recordId }) => recordId))],
        added: [...new Set(fresh.map(({ tagId }) => tagId))],
        removed: [...new Set(gone.map(({ tagId }) => tagId))],
      });
    return { added: fresh.length, removed: gone.length };
  },
});

interface Found {
  readonly id: string;
  readonly tagId: string;
  readonly recordId: string;
}

async function taggings(
  ctx: Context,
  entity: string,
  records: readonly string[],
  tags: readonly string[],
): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  if (records.length === 0 || tags.length === 0) return found;
  const where = { entity, recordId: { in: records }, tagId: { in: tags } };
  const all = ctx.repo(tagging).stream({ where, select: ["id", "tagId", "recordId"], limit: 500 });
  for await (const one of all) found.set(`${one.tagId} ${one.recordId}`, one);
  return found;
}
