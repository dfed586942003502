import type { Context, Repository } from "@corm/core";
import { AssignmentTargetUnknown } from "../errors.js";

/** A record of some entity, as far as assigning it needs. */
export type TargetRow = Readonly<Record<string, unknown>> & { readonly id: string; readonly version: number };
export type TargetRepository = Repository<TargetRow, Record<string, unknown>, Record<string, unknown>>;

/** The records of an entity that is known by name. @throws assignment-target-unknown */
export function targetOf(ctx: Context, target: string): TargetRepository {
  const entity = ctx.catalog.entities.get(target);
  if (!entity) throw AssignmentTargetUnknown({ target, problem: "is no entity of this app" });
  return ctx.repo(entity.handle) as unknown as TargetRepository;
}

/** @throws assignment-target-unknown where the field does not hold a user */
export function checkOwnerField(ctx: Context, target: string, ownerField: string): void {
  const entity = ctx.catalog.entities.get(target);
  if (!entity) throw AssignmentTargetUnknown({ target, problem: "is no entity of this app" });
  if (entity.fields.get(ownerField)?.target !== "user")
    throw AssignmentTargetUnknown({ target, problem: `has no field "${ownerField}" that refers to a user` });
}

/** A condition that came as data: checked when the rule is written, so its type is not asked here. */
export const conditionOf = (condition: unknown): never => (condition ?? {}) as never;
