import { type Context, type CormError, isCormError, type Repository } from "@corm/core";
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

/**
 * The field with the user to whom a record belongs. No other reference to a user is given away by rules: it may say in
 * whose name something acts.
 *
 * @throws assignment-target-unknown
 */
export function ownerFieldOf(ctx: Context, target: string): string {
  const entity = ctx.catalog.entities.get(target);
  if (!entity) throw AssignmentTargetUnknown({ target, problem: "is no entity of this app" });
  if (entity.owner === null)
    throw AssignmentTargetUnknown({ target, problem: "has records that belong to nobody" });
  return entity.owner;
}

/** The field with the team that a record belongs to; null where records of the entity name none. */
export const teamFieldOf = (ctx: Context, target: string): string | null =>
  ctx.catalog.entities.get(target)?.team ?? null;

/** A condition that came as data: checked when the rule is written, so its type is not asked here. */
export const conditionOf = (condition: unknown): never => (condition ?? {}) as never;

/** What is wrong with a condition that came as data, for whoever asks: null where it can be answered. */
export async function conditionProblem(
  ctx: Context,
  target: string,
  condition: unknown,
): Promise<CormError | null> {
  if (condition === undefined || condition === null) return null;
  try {
    await targetOf(ctx, target).find({ where: conditionOf(condition), limit: 1 });
    return null;
  } catch (error) {
    if (!isCormError(error) || error.status >= 500) throw error;
    return error;
  }
}
