import { CapabilityWithheld, type Context, type CrmHandle, toInstant } from "@corm/core";
import { automations } from "../automations/define-automation.js";
import { KEEP_TIMERS } from "./handles.js";

const HOUR_MS = 3_600_000;

/** Automations in code that go by the clock begin with the app, where it has one tenant; in others with the next look. */
export async function armCoded(crm: CrmHandle): Promise<void> {
  const { defaultTenant: tenant } = crm;
  if (tenant === undefined) return;
  const system = systemOf(crm, tenant);
  if (!system) return;
  const timed = system
    .contributions(automations)
    .some(({ trigger }) => trigger.on === "schedule" || trigger.on === "date");
  if (!timed) return;
  const hour = toInstant(Math.floor(system.clock.now() / HOUR_MS) * HOUR_MS);
  await system.jobs.enqueue(KEEP_TIMERS, {}, { dedupeId: `timers@${hour}` });
}

/** Undefined where the app withholds the capability: it wants no automations then. */
function systemOf(crm: CrmHandle, tenant: string): Context | undefined {
  try {
    return crm.system({ tenant, capability: "workflow.automations", reason: "set timers" });
  } catch (error) {
    if (!CapabilityWithheld.is(error)) throw error;
    return undefined;
  }
}
