import type { Identity } from "../context/context.js";
import { defineError } from "../errors/define-error.js";
import { shown } from "../errors/value-errors.js";
import type { Composition } from "../plugin/compose.js";
import { checkOrigin } from "../runtime/origin.js";
import { countryCode } from "../standards/country.js";
import { isCurrency } from "../util/currency.js";
import { nearest } from "../util/words.js";
import type { CrmOptions } from "./create-crm.js";
import type { PluginList } from "./crm.js";

export const InvalidCrmOptions = defineError<{ problem: string }>("invalid-crm-options", {
  status: 500,
  title: "createCrm was called with wrong options",
  detail: ({ problem }) => problem,
});

const TENANT = /^[\w.-]{1,64}$/;
const KNOWN =
  "storage plugins currency country tenant secret encryption roles restrictions withhold jobs files provenance cache clock random onError migrate allowDataLoss".split(
    " ",
  );

const wrong = (problem: string) => InvalidCrmOptions({ problem });

/** @throws invalid-crm-options where a session could not be bound to a tenant and an actor */
export function checkIdentity(identity: Identity): Identity {
  checkTenant(identity.tenant);
  if (identity.origin !== undefined) checkOrigin(identity.origin);
  if (typeof identity.actor?.kind !== "string")
    throw wrong(`crm.as() needs an actor, such as { kind: "user", id }.`);
  if (identity.actor.kind === "system" && !identity.actor.reason)
    throw wrong(`A system session says why: crm.system({ tenant, reason: "nightly import" }).`);
  return identity;
}

/** @throws invalid-crm-options also for the system, whose rights nobody gets by calling himself so */
export function checkActor(identity: Identity): Identity {
  if (identity.actor?.kind === "system")
    throw wrong(
      `crm.as() is for actors with roles: use crm.system({ tenant, reason }) for the rights of the system.`,
    );
  return checkIdentity(identity);
}

/** @throws invalid-crm-options for what cannot be meant: misspelt names, values of a wrong kind */
export function checkOptions(options: CrmOptions<PluginList>): void {
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name))
      throw wrong(`createCrm has no option "${name}". It takes ${KNOWN.join(", ")}.`);
  }
  const { storage, plugins, currency, tenant, secret, onError, migrate, allowDataLoss } = options;
  if (!storage) throw wrong(`createCrm needs "storage", for example sqlite(":memory:") of @corm/core/knex.`);
  if (!Array.isArray(plugins)) throw wrong(`"plugins" is a list, such as [crmCore()].`);
  if (currency !== undefined && !isCurrency(currency))
    throw wrong(`${shown(currency)} is not an ISO 4217 currency code.`);
  if (options.country !== undefined && countryCode(options.country) !== options.country)
    throw wrong(
      `"country" is an ISO 3166-1 code of two capital letters, such as "CN", not ${shown(options.country)}.`,
    );
  if (tenant !== undefined) checkTenant(tenant);
  if (secret !== undefined && !(typeof secret === "string" && secret.length >= 32))
    throw wrong(`"secret" needs at least 32 characters. Make one with: openssl rand -base64 32`);
  if (onError !== undefined && typeof onError !== "function")
    throw wrong(`"onError" is a function that takes an error.`);
  if (options.withhold !== undefined && !Array.isArray(options.withhold))
    throw wrong(`"withhold" is a list of capabilities, such as ["leads.capture"].`);
  if (options.files !== undefined && typeof options.files?.put !== "function")
    throw wrong(`"files" is a file store, such as localFiles("files").`);
  if (migrate !== undefined && !["apply", "check", "off"].includes(migrate))
    throw wrong(`"migrate" is "apply", "check" or "off", not ${shown(migrate)}.`);
  if (allowDataLoss !== undefined && !Array.isArray(allowDataLoss))
    throw wrong(`"allowDataLoss" is a list of names, such as ["lead.score"].`);
}

/** @throws invalid-crm-options for a capability that no plugin declares: what is misspelt would not be withheld */
export function withheldOf(
  { capabilities }: Composition,
  names: readonly string[] = [],
): ReadonlySet<string> {
  for (const name of names) {
    if (capabilities.has(name)) continue;
    const hint = nearest(name, capabilities.keys());
    const known = hint ? `did you mean "${hint}"?` : `They are ${[...capabilities.keys()].join(", ")}.`;
    throw wrong(`"withhold" names "${name}", which no plugin declares: ${known}`);
  }
  return new Set(names);
}

/**
 * The fields of which the app asks where their values are from, by entity.
 *
 * @throws invalid-crm-options for an entity or field that there is not
 */
export function provenanceFields(
  { entities }: Composition,
  asked: Readonly<Record<string, true | readonly string[]>> = {},
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>();
  const unknown = (what: string, name: string, all: Iterable<string>) => {
    const hint = nearest(name, all);
    return wrong(`"provenance" names ${what}${hint ? `: did you mean "${hint}"?` : "."}`);
  };
  for (const [name, fields] of Object.entries(asked)) {
    const entity = entities.get(name);
    if (!entity || entity.internal)
      throw unknown(
        `the entity "${name}", which no plugin declares for others to use`,
        name,
        entities.keys(),
      );
    if (fields !== true && !Array.isArray(fields))
      throw wrong(`"provenance" of "${name}" is a list of its fields, or true for all of them.`);
    const own = entity.inputFields.map((field) => field.name);
    const listed: readonly string[] = fields === true ? own : fields;
    for (const field of listed)
      if (!own.includes(field))
        throw unknown(`"${name}.${field}", which is no field that is written`, field, own);
    if (listed.length > 0) found.set(name, new Set(listed));
  }
  return found;
}

function checkTenant(tenant: unknown): void {
  if (typeof tenant === "string" && TENANT.test(tenant)) return;
  throw wrong(`A tenant is 1 to 64 letters, digits, "_", "-" and ".", not ${shown(tenant)}.`);
}
