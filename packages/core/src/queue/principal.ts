import type { Identity } from "../context/context.js";
import type { AnyJob } from "../jobs/define-job.js";
import { JobRefused } from "../jobs/errors.js";
import type { ClaimedJob } from "../jobs/job-engine.js";
import type { CrmHandle } from "../plugin/crm-handle.js";
import type { Runtime } from "../runtime/runtime.js";
import { systemActor } from "../runtime/system-actor.js";

/**
 * Who a job runs as, by what counts now and not when it was made: what was taken from its maker, or from the plugin, is
 * taken from the job.
 *
 * @throws job-refused, capability-withheld
 */
export async function principalOf(
  runtime: Runtime,
  crm: CrmHandle,
  definition: AnyJob,
  job: ClaimedJob,
): Promise<Identity> {
  const { subject, tenant } = job;
  const userId = subject.userId ?? (subject.actor.kind === "user" ? subject.actor.id : undefined);
  if (definition.capability !== null) {
    const { capability } = definition;
    const actor = systemActor(runtime, { capability, reason: `job ${job.name}` });
    return { actor, tenant, ...(userId === undefined ? {} : { userId }) };
  }
  if (subject.actor.kind === "system") {
    const actor = systemActor(runtime, subject.actor);
    return { actor, tenant, ...(userId === undefined ? {} : { userId }) };
  }
  const found = await runtime.composition.principal?.(crm, tenant, subject);
  // A key has its scopes of now; what narrowed a user when he made the job goes with the job.
  const narrowed = found?.scopes ?? subject.scopes;
  if (found) return { ...found, ...(narrowed === undefined ? {} : { scopes: narrowed }) };
  if (found === null)
    throw JobRefused({ job: job.name, reason: "was made by somebody who may not act any more" });
  if (subject.known)
    throw JobRefused({ job: job.name, reason: "was made by somebody whose rights nobody here can look up" });
  // Of a host that keeps its users itself: names of roles, and what they allow by now.
  const { actor, roles = [], scopes, locale } = subject;
  return {
    actor,
    tenant,
    roles: roles.filter((name) => runtime.access.roles.has(name)),
    ...(subject.userId === undefined ? {} : { userId: subject.userId }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(locale === undefined ? {} : { locale }),
  };
}
