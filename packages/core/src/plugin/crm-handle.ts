import type { Context, Identity } from "../context/context.js";

/** What a plugin's `start` and `stop` get of the app: no entity types, since they depend on the app. */
export interface CrmHandle {
  as(identity: Identity): Context;
  system(options: { readonly tenant: string; readonly reason: string }): Context;
  /** The tenant of an app that has one only, or undefined. */
  readonly defaultTenant: string | undefined;
  readonly report: (error: unknown) => void;
}
