import type { Context, ServiceToken } from "../context/context.js";

/** A service with how it is made; listed in a plugin's `services`. */
export interface ServiceProvider<T = unknown> {
  readonly token: ServiceToken<T>;
  /** Called once per context that asks; keep it cheap, or close over what is shared. */
  readonly make: (ctx: Context) => T;
}

/**
 * A typed name under which one plugin offers something and others use it, without importing one another.
 *
 * @example
 * export const pricing = defineService<{ priceOf(productId: string): Promise<Money> }>("sales.pricing");
 * // in the plugin: services: [provide(pricing, (ctx) => ({ priceOf: (id) => … }))]
 * // elsewhere:     await ctx.service(pricing).priceOf(id)
 */
export function defineService<T>(name: string): ServiceToken<T> {
  return { name };
}

export function provide<T>(token: ServiceToken<T>, make: (ctx: Context) => T): ServiceProvider<T> {
  return { token, make };
}
