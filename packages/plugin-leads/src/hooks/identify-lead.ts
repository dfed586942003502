import { before, each, type HookDefinition } from "@corm/core";
import { type Lead, type LeadInput, lead } from "../entities/lead.js";
import { LeadUnidentified } from "../errors.js";

const IDENTITY = ["lastName", "firstName", "company", "email", "phone"] as const;

const isIdentified = (values: Partial<LeadInput> | Lead): boolean =>
  IDENTITY.some((name) => values[name] != null);

export const identifyLead: readonly HookDefinition[] = [
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
