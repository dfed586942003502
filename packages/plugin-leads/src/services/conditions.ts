import { type AnyEntity, type Context, isCormError } from "@corm/core";

/** What is wrong with a condition that came as data, for whoever asks, in words; null where it can be answered. */
export async function conditionProblem(
  ctx: Context,
  entity: string,
  condition: unknown,
): Promise<string | null> {
  const handle = ctx.catalog.entities.get(entity)?.handle;
  if (!handle) return `"${entity}" is no entity of this app`;
  try {
    await ctx.repo(handle as AnyEntity).find({ where: (condition ?? {}) as never, limit: 1 });
    return null;
  } catch (error) {
    if (!isCormError(error) || error.status >= 500) throw error;
    return error.message;
  }
}
