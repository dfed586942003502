import type { Context } from "../context/context.js";

/** Something about a record that its profile tells beside what happened around it. */
export interface ProfileDimension {
  readonly on: string;
  readonly name: string;
  readonly read: (ctx: Context, id: string) => Promise<unknown>;
}

/**
 * Adds a dimension to the profile of records: a score, a balance, a class. `read` works in the name of whoever asks, and
 * answers JSON; undefined leaves the dimension out. Records that stand on timelines are dimensions by themselves.
 *
 * @example
 * defineProfileDimension({
 *   on: contact, name: "score",
 *   read: (ctx, id) => ctx.repo(score).first({ where: { contactId: id }, select: ["value", "at"] }),
 * })
 */
export function defineProfileDimension(options: {
  readonly on: { readonly name: string };
  /** Unique on that entity, camelCase. */
  readonly name: string;
  readonly read: (ctx: Context, id: string) => Promise<unknown>;
}): ProfileDimension {
  return { on: options.on.name, name: options.name, read: options.read };
}
