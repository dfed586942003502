import type { Identity } from "../../context/context.js";
import type { JobSubject } from "../../jobs/job-engine.js";
import type { CrmHandle } from "../../plugin/crm-handle.js";
import { isUuid } from "../../util/uuid.js";
import { user } from "../entities/user.js";
import { identityOfKeyId } from "./api-keys.js";
import { rolesOf } from "./roles-of.js";

/** What a user or API key that made a job may do by now: null for nothing, undefined where it is none of this app's. */
export async function principal(
  crm: CrmHandle,
  tenant: string,
  { actor }: JobSubject,
): Promise<Identity | null | undefined> {
  if (actor.kind !== "user" && actor.kind !== "apiKey") return undefined;
  const id = actor.id.toLowerCase();
  if (!isUuid(id)) return undefined;
  const system = crm.system({ tenant, capability: "core.credentials", reason: "who made a job" });
  if (actor.kind === "apiKey") return identityOfKeyId(system, id);
  const found = await system.repo(user).first({ where: { id }, withDeleted: true });
  if (!found) return undefined;
  if (!found.active || found.deletedAt !== null) return null;
  return {
    actor: { kind: "user", id },
    tenant,
    userId: id,
    roles: await rolesOf(system, id),
    revalidate: async (at) => {
      const live = await at
        .asSystem({ capability: "core.credentials", reason: "who made a job" })
        .repo(user)
        .first({ where: { id, active: true }, select: ["id"] });
      return live && { roles: await rolesOf(at, id) };
    },
    ...(found.locale ? { locale: found.locale } : {}),
  };
}
