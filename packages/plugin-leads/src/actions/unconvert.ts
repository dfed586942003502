import { defineAction, Type } from "@corm/core";
import { conversionSettings } from "../conversion/settings.js";
import { reopen, undo } from "../conversion/undo.js";
import { lead } from "../entities/lead.js";
import { type LeadConversion, leadConversion } from "../entities/lead-conversion.js";
import { ConversionTooOld, LeadNotConverted } from "../errors.js";
import { leadUnconverted } from "../events.js";

const target = Type.Enum(["account", "contact", "opportunity"]);
const DAY_MS = 86_400_000;

/**
 * Undoes a conversion, in one transaction: the lead is open again, what went along is back, and what was made is in the
 * recycle bin, where nothing else has come to need it. `POST /api/leads/{id}/unconvert`
 *
 * @throws lead-not-converted, conversion-too-old
 */
export const unconvert = defineAction({
  name: "unconvert",
  on: lead,
  label: "Undo a conversion",
  input: Type.Object({}),
  output: Type.Object({
    leadId: Type.String(),
    status: Type.String(),
    deleted: Type.Array(Type.Object({ target, id: Type.String() })),
    kept: Type.Array(Type.Object({ target, id: Type.String(), because: Type.String() })),
  }),
  run: async ({ record }, caller) => {
    const ctx = caller
      .asSystem({ capability: "leads.convert", reason: "lead.unconvert" })
      .from({ source: "unconvert", reference: record.id, ...caller.origin });
    const found = await ctx.repo(leadConversion).first({ where: { openKey: record.id } });
    if (!found) throw LeadNotConverted({ id: record.id });
    const conversion = found as LeadConversion;
    const { unconvertDays: days } = ctx.service(conversionSettings);
    if (ctx.clock.now() - Date.parse(conversion.convertedAt) > days * DAY_MS)
      throw ConversionTooOld({ id: record.id, days });
    // First the lead lets go of what it became, so that it is not what needs it.
    await reopen(ctx, conversion);
    const { deleted, kept } = await undo(ctx, conversion);
    await ctx.repo(leadConversion).update(conversion.id, { undoneAt: ctx.now(), openKey: null });
    const { accountId, contactId, opportunityId } = conversion;
    await ctx.emit(
      leadUnconverted,
      { accountId, contactId, opportunityId },
      { entity: lead, record: record.id },
    );
    return { leadId: record.id, status: conversion.statusBefore, deleted: [...deleted], kept: [...kept] };
  },
});
