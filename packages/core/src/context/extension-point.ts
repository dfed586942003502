/** A place where plugins add to what another plugin offers. Made by `defineExtensionPoint`. */
export interface ExtensionPoint<T> {
  readonly name: string;
  readonly "~value"?: T;
}
