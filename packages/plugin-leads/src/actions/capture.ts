import { defineAction, InvalidQuery, instant } from "@corm/core";
import Type from "typebox";
import { type LeadInput, lead } from "../entities/lead.js";
import { captureLead } from "../services/capture-lead.js";
import { RESERVED } from "../services/lead-fields.js";

/**
 * Takes in somebody from any channel: an open lead with the same e-mail gets a touchpoint, anybody else becomes a
 * lead with one. `POST /api/leads/capture`.
 */
export const capture = defineAction({
  name: "capture",
  on: lead,
  collection: true,
  label: "Capture a lead",
  description:
    "Creates a lead with a touchpoint, or adds the touchpoint to the open lead of the same e-mail.",
  input: Type.Object({
    /** Fields of the lead; not its status, score, source, owner or conversion. */
    values: Type.Record(Type.String(), Type.Unknown()),
    channel: Type.String({ minLength: 1, maxLength: 50 }),
    source: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    at: Type.Optional(instant()),
    details: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 2_000 }))),
    sourceId: Type.Optional(Type.String({ format: "uuid" })),
    ownerId: Type.Optional(Type.String({ format: "uuid" })),
  }),
  output: Type.Object({ leadId: Type.String(), touchpointId: Type.String(), created: Type.Boolean() }),
  run: async ({ input }, ctx) => {
    const reserved = Object.keys(input.values).find((name) => RESERVED.has(name));
    if (reserved)
      throw InvalidQuery({ reason: `lead.capture does not take "${reserved}" among its values.` });
    const { channel, source, at, details, sourceId, ownerId } = input;
    const values = { ...input.values } as Partial<LeadInput>;
    if (sourceId) values.sourceId = sourceId;
    if (ownerId) values.ownerId = ownerId;
    return captureLead(ctx.asSystem({ capability: "leads.capture", reason: `lead capture by ${channel}` }), {
      values,
      touch: { channel, source, at, details },
    });
  },
});
