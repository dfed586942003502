import { before, each, type HookDefinition } from "@corm/core";
import { type LeadInput, lead } from "../entities/lead.js";
import { leadConversion, leadConversionMove } from "../entities/lead-conversion.js";
import { LeadAlreadyConverted, LeadConversionReserved } from "../errors.js";
import { CONVERSION_FIELDS } from "../services/lead-fields.js";
import { keepBooks } from "./keep-books.js";

/** Conversion writes with the rights of the system; nobody else says that a lead was converted. */
function refuseConversion(values: Partial<LeadInput>): void {
  if (values.status === "converted") throw LeadConversionReserved({ field: "status" });
  for (const field of CONVERSION_FIELDS) {
    if (values[field] != null) throw LeadConversionReserved({ field });
  }
}

const OPEN = new Set(["new", "working", "qualified"]);

/** True while a lead waits for somebody to do something about it. */
export const isOpen = (status: string): boolean => OPEN.has(status);

export const protectConversion: readonly HookDefinition[] = [
  ...keepBooks([leadConversion, leadConversionMove]),
  before(
    lead,
    "create",
    { name: "leads.conversionReserved" },
    each(({ input }, ctx) => {
      if (ctx.actor.kind !== "system") refuseConversion(input);
    }),
  ),
  before(
    lead,
    "update",
    { name: "leads.convertedLeadStays" },
    each(({ before: current, patch }, ctx) => {
      if (ctx.actor.kind === "system") return;
      if (current.status === "converted") throw LeadAlreadyConverted({ id: current.id });
      refuseConversion(patch);
    }),
  ),
  before(
    lead,
    "update",
    { name: "leads.freeCaptureKey", stage: "late" },
    each(({ before: current, patch }) => {
      // The key stands for "open, with this e-mail, or this phone": it goes as soon as one of the two does.
      const closed = patch.status !== undefined && !isOpen(patch.status);
      const by = current.captureKey?.startsWith("tel:") ? "phone" : "email";
      const moved = patch[by] !== undefined && patch[by] !== current[by];
      if (current.captureKey !== null && (closed || moved)) patch.captureKey = null;
    }),
  ),
];
