import type { Actor } from "../context/context.js";
import type { SystemUse } from "../context/system-use.js";
import { CapabilityUnknown, CapabilityWithheld } from "../errors/core-errors.js";
import { nearest } from "../util/words.js";
import type { Runtime } from "./runtime.js";

/** The system as an actor, where the app lets it be one for this. @throws capability-unknown, capability-withheld */
export function systemActor({ composition, withheld }: Runtime, { capability, reason }: SystemUse): Actor {
  if (capability === undefined) return { kind: "system", reason };
  const { capabilities } = composition;
  if (!capabilities.has(capability))
    throw CapabilityUnknown({ capability, nearest: nearest(capability, capabilities.keys()) });
  if (withheld.has(capability)) throw CapabilityWithheld({ capability, reason });
  return { kind: "system", reason, capability };
}
