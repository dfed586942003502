import Type from "typebox";
import { type Action, defineAction } from "../../actions/define-action.js";
import type { FoundMatch } from "../../duplicates/errors.js";
import { findDuplicates } from "../../duplicates/look-up.js";
import type { AnyEntity } from "../../entity/entity.js";
import { InvalidQuery } from "../../errors/core-errors.js";

export interface DuplicateQuery {
  /** Of a record that is there. */
  readonly id?: string;
  /** Of one that is not there yet. */
  readonly values?: Record<string, unknown>;
}

export interface DuplicateAnswer {
  /** Best first; those that the caller may see. */
  readonly matches: FoundMatch[];
}

/** What `findDuplicates` answers. */
export const foundMatches = Type.Array(
  Type.Object({ id: Type.String(), score: Type.Number(), rules: Type.Array(Type.String()) }),
);

/**
 * The action that looks for records like one, for whichever entity has rules: `POST /api/contacts/find-duplicates`. For the
 * plugin that declares the entity.
 */
export function findDuplicatesOf<E extends AnyEntity>(
  entity: E,
): Action<"findDuplicates", E["name"], DuplicateQuery, DuplicateAnswer> & { readonly collection: true } {
  return defineAction({
    name: "findDuplicates",
    on: entity as AnyEntity,
    collection: true,
    readOnly: true,
    label: "Find duplicates",
    description:
      "Records that match one by the rules of the tenant: a record that is there, or values that are to become one.",
    input: Type.Object({
      id: Type.Optional(Type.String({ format: "uuid" })),
      values: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    }),
    output: Type.Object({ matches: foundMatches }),
    run: async ({ input }, ctx) => {
      if ((input.id === undefined) === (input.values === undefined))
        throw InvalidQuery({ reason: `findDuplicates takes "id" or "values": one of the two.` });
      return { matches: [...(await findDuplicates(ctx, entity, input as DuplicateQuery))] };
    },
  }) as never;
}
