import type { Context, Identity } from "../context/context.js";
import type { SystemUse } from "../context/system-use.js";

/** What a plugin's `start` and `stop` get of the app: no entity types, since they depend on the app. */
export interface CrmHandle {
  as(identity: Identity): Context;
  /** A session with the rights of the system. @throws capability-withheld, capability-unknown */
  system(options: SystemUse & { readonly tenant: string }): Context;
  /** The tenant of an app that has one only, or undefined. */
  readonly defaultTenant: string | undefined;
  readonly report: (error: unknown) => void;
}
