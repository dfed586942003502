import type { ExtensionPoint } from "../context/extension-point.js";

/** What a plugin adds to an extension point; listed in its `contributes`. */
export interface Contribution {
  readonly point: string;
  readonly values: readonly unknown[];
}

/**
 * A typed name under which any plugin adds to what one plugin offers, such as kinds of steps to automations. Who offers
 * it reads `ctx.contributions(point)`.
 *
 * @param name `plugin.what`
 * @example
 * export const greetings = defineExtensionPoint<{ language: string; text: string }>("greeter.greetings");
 * // in a plugin: contributes: [contribute(greetings, { language: "de", text: "Guten Tag" })]
 */
export function defineExtensionPoint<T>(name: string): ExtensionPoint<T> {
  return { name };
}

export function contribute<T>(point: ExtensionPoint<T>, ...values: readonly T[]): Contribution {
  return { point: point.name, values };
}
