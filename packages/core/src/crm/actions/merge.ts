import Type from "typebox";
import { type Action, defineAction } from "../../actions/define-action.js";
import type { AnyEntity } from "../../entity/entity.js";
import { defineEvent } from "../../events/define-event.js";
import { type MergeCommand, type MergeResult, mergeRecords } from "../../merge/merge.js";
import { type MergePlan, type MergeRequest, planMerge } from "../../merge/plan.js";
import { type UnmergeResult, unmergeRecords } from "../../merge/unmerge.js";
import type { Session } from "../../runtime/session.js";
import { UNDO_DAYS } from "../entities/record-merge.js";

const id = Type.String({ format: "uuid" });
const counted = Type.Array(
  Type.Object({ entity: Type.String(), field: Type.String(), count: Type.Integer() }),
);

/** Whose value a field has afterwards, or which. */
export const fieldChoices = Type.Optional(
  Type.Record(
    Type.String(),
    Type.Union([
      Type.Object({ from: id }, { additionalProperties: false }),
      Type.Object({ value: Type.Unknown() }, { additionalProperties: false }),
    ]),
  ),
);

const request = {
  survivorId: id,
  /** The others; the survivor may be among them. */
  ids: Type.Array(id, { minItems: 1, maxItems: 100 }),
  fields: fieldChoices,
};

/** Several records are one now. */
export const recordMerged = defineEvent(
  "record.merged",
  Type.Object({
    mergeId: id,
    entity: Type.String(),
    survivorId: id,
    loserIds: Type.Array(id),
    /** What names the survivor now instead, by entity and field. */
    moved: counted,
  }),
);
/** A merge was taken back. */
export const recordUnmerged = defineEvent(
  "record.unmerged",
  Type.Object({ mergeId: id, entity: Type.String(), survivorId: id, restoredIds: Type.Array(id) }),
);

/** What `merge` answers. */
export const mergeOutput = Type.Object({
  mergeId: id,
  survivorId: id,
  loserIds: Type.Array(id),
  moved: counted,
  undoUntil: Type.String(),
});

/** Merges records, and says so by an event. */
export async function mergeAndTell(
  session: Session,
  entity: string,
  command: MergeCommand,
): Promise<MergeResult> {
  const { undoUntil, ...merged } = await mergeRecords(session, entity, command, UNDO_DAYS);
  await session.emit(
    recordMerged,
    { entity, ...merged },
    { entity: { name: entity }, record: merged.survivorId },
  );
  return { ...merged, undoUntil };
}

type On<E extends AnyEntity, Name extends string, In, Out> = Action<Name, E["name"], In, Out> & {
  readonly collection: true;
};

export interface MergeActions<E extends AnyEntity> {
  readonly planMerge: On<E, "planMerge", MergeRequest, MergePlan>;
  readonly merge: On<E, "merge", MergeCommand, MergeResult>;
  readonly unmerge: On<E, "unmerge", { readonly mergeId: string }, UnmergeResult>;
}

/**
 * The actions that make one record of several, show before what that comes to, and take it back: `POST
 * /api/contacts/plan-merge`, `/merge`, `/unmerge`. For the plugin that declares the entity.
 */
export function mergeActionsOf<E extends AnyEntity>(entity: E): MergeActions<E> {
  const on = entity as AnyEntity;
  const subject = (record: string) => ({ entity, record });
  const actions = {
    planMerge: defineAction({
      name: "planMerge",
      on,
      collection: true,
      readOnly: true,
      permission: `${entity.name}.merge`,
      label: "Plan a merge",
      description:
        "What a merge would do: the value of each field, and how many records would hang on the survivor.",
      input: Type.Object(request),
      output: Type.Unknown(),
      run: ({ input }, ctx) => planMerge(ctx as Session, entity.name, input as MergeRequest),
    }),
    merge: defineAction({
      name: "merge",
      on,
      collection: true,
      label: "Merge records",
      description:
        "Makes one record of several: everything that names one of them names the survivor. Can be taken back for 30 days.",
      input: Type.Object({
        ...request,
        versions: Type.Optional(Type.Record(Type.String(), Type.Integer({ minimum: 1 }))),
      }),
      output: mergeOutput,
      run: ({ input }, ctx) => mergeAndTell(ctx as Session, entity.name, input as MergeCommand),
    }),
    unmerge: defineAction({
      name: "unmerge",
      on,
      collection: true,
      permission: `${entity.name}.merge`,
      label: "Take a merge back",
      description: "Restores the records of a merge, with what hung on them; what was changed since stays.",
      input: Type.Object({ mergeId: id }),
      output: Type.Object({
        mergeId: id,
        survivorId: id,
        restoredIds: Type.Array(id),
        kept: Type.Array(Type.Object({ entity: Type.String(), id, field: Type.String() })),
      }),
      run: async ({ input }, ctx) => {
        const { kept, ...undone } = await unmergeRecords(ctx as Session, entity.name, input.mergeId);
        await ctx.emit(recordUnmerged, { entity: entity.name, ...undone }, subject(undone.survivorId));
        return { ...undone, kept };
      },
    }),
  };
  return actions as unknown as MergeActions<E>;
}
