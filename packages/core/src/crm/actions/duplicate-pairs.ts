import Type from "typebox";
import { defineAction } from "../../actions/define-action.js";
import type { Context } from "../../context/context.js";
import { Forbidden, InvalidQuery } from "../../errors/core-errors.js";
import { type FieldChoice, MAX_MERGED } from "../../merge/plan.js";
import type { Session } from "../../runtime/session.js";
import { type DuplicatePair, duplicatePair } from "../entities/match-rule.js";
import { fieldChoices, mergeAndTell, mergeOutput } from "./merge.js";

const id = Type.String({ format: "uuid" });

/** `POST /api/duplicate-pairs/{id}/merge`: the two become one. */
export const mergePair = defineAction({
  name: "merge",
  on: duplicatePair,
  label: "Merge the two records",
  description:
    "The two records become one, as the action merge of their entity does it; needs its permission.",
  input: Type.Object({
    /** Which of the two stays. */
    survivorId: id,
    fields: fieldChoices,
    versions: Type.Optional(Type.Record(Type.String(), Type.Integer({ minimum: 1 }))),
  }),
  output: mergeOutput,
  run: ({ input, record }, ctx) => {
    const session = ctx as Session;
    const permission = `${record.entity}.merge`;
    if (!session.permits(permission))
      throw Forbidden({ reason: `Your roles do not have the permission "${permission}".` });
    const both = [record.leftId, record.rightId];
    if (!both.includes(input.survivorId.toLowerCase()))
      throw InvalidQuery({ reason: "survivorId names neither of the two records." });
    const { survivorId, versions } = input;
    const fields = input.fields as Readonly<Record<string, FieldChoice>> | undefined;
    return mergeAndTell(session, record.entity, { survivorId, ids: both, fields, versions });
  },
});

/** `POST /api/duplicate-pairs/{id}/group`: all records that open pairs tie to the two, for a merge of all of them. */
export const pairGroup = defineAction({
  name: "group",
  on: duplicatePair,
  readOnly: true,
  label: "Show the group",
  description: `The records that open pairs tie to these two, over one another, as far as you may see them: ${MAX_MERGED} at most.`,
  input: Type.Object({}),
  output: Type.Object({
    entity: Type.String(),
    ids: Type.Array(id),
    pairIds: Type.Array(id),
    /** There are more than these. */
    isCut: Type.Boolean(),
  }),
  run: async ({ record }, ctx) => {
    const ids = new Set([record.leftId, record.rightId]);
    const pairs = new Set([record.id]);
    let edge = [...ids];
    let isCut = false;
    while (edge.length > 0 && !isCut) {
      const next: string[] = [];
      for await (const pair of pairsOf(ctx, record.entity, edge)) {
        const fresh = [pair.leftId, pair.rightId].filter((one) => !ids.has(one));
        if (ids.size + fresh.length > MAX_MERGED) {
          isCut = true;
          break;
        }
        pairs.add(pair.id);
        for (const one of fresh) {
          ids.add(one);
          next.push(one);
        }
      }
      edge = next;
    }
    return { entity: record.entity, ids: [...ids], pairIds: [...pairs], isCut };
  },
});

async function* pairsOf(ctx: Context, entity: string, ids: string[]): AsyncGenerator<DuplicatePair> {
  const open = { entity, state: "open" as const };
  for (const field of ["leftId", "rightId"] as const)
    yield* ctx.repo(duplicatePair).stream({ where: { ...open, [field]: { in: ids } } });
}
