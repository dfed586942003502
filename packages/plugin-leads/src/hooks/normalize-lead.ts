import { before, each, type HookDefinition } from "@corm/core";
import { type Lead, type LeadInput, lead } from "../entities/lead.js";
import { LeadUnidentified } from "../errors.js";
import { normalEmail } from "../services/lead-fields.js";

const IDENTITY = ["lastName", "firstName", "company", "email", "phone"] as const;

/** White space off, e-mail in the one form in which it is compared. */
function normalize(values: Partial<LeadInput>): void {
  for (const name of IDENTITY) {
    const value = values[name];
    if (typeof value !== "string") continue;
    const clean = name === "email" ? normalEmail(value) : value.trim();
    values[name] = clean === "" ? null : clean;
  }
}

const isIdentified = (values: Partial<LeadInput> | Lead): boolean =>
  IDENTITY.some((name) => values[name] != null);

export const normalizeLead: readonly HookDefinition[] = [
  before(
    lead,
    "create",
    { name: "leads.normalizeCreate", stage: "early" },
    each(({ input }) => normalize(input)),
  ),
  before(
    lead,
    "update",
    { name: "leads.normalizeUpdate", stage: "early" },
    each(({ patch }) => normalize(patch)),
  ),
  before(
    lead,
    "create",
    { name: "leads.identifiedCreate", stage: "late" },
    each(({ input }) => {
      if (!isIdentified(input)) throw LeadUnidentified({});
    }),
  ),
  before(
    lead,
    "update",
    { name: "leads.identifiedUpdate", stage: "late" },
    each(({ before: current, patch }) => {
      if (!isIdentified({ ...current, ...patch })) throw LeadUnidentified({});
    }),
  ),
];
