import { type Context, TransactionConflict, UniqueViolation } from "@corm/core";
import { touchpointOfLead } from "../entities/extensions.js";
import { type Lead, type LeadInput, lead } from "../entities/lead.js";
import { normalEmail } from "./lead-fields.js";

export interface Touch {
  /** `form`, `email`, `list`, … */
  readonly channel: string;
  readonly source?: string | undefined;
  /** Default now. */
  readonly at?: string | undefined;
  readonly details?: Readonly<Record<string, string>> | undefined;
}

export interface Capture {
  readonly values: Partial<LeadInput>;
  readonly touch: Touch;
}

export interface Captured {
  readonly leadId: string;
  readonly touchpointId: string;
  /** False where the person was known already: the touchpoint went to the open lead. */
  readonly created: boolean;
}

/**
 * The one way in for every channel: an open lead with the same e-mail gets the touchpoint and what it did not know
 * yet, anybody else becomes a lead. Call it inside a transaction, with the rights of the system.
 */
export async function captureLead(ctx: Context, { values, touch }: Capture): Promise<Captured> {
  const known = await openLeadOf(ctx, values.email);
  const { id } = known ? await complete(ctx, known, values) : await createLead(ctx, values);
  const point = await ctx.repo(touchpointOfLead).create({
    channel: touch.channel,
    source: touch.source ?? null,
    capturedAt: touch.at ?? ctx.now(),
    details: touch.details && Object.keys(touch.details).length > 0 ? { ...touch.details } : null,
    leadId: id,
  });
  return { leadId: id, touchpointId: point.id, created: !known };
}

async function openLeadOf(ctx: Context, email: string | null | undefined): Promise<Lead | null> {
  if (!email) return null;
  return ctx.repo(lead).first({
    where: { email: normalEmail(email), status: { in: ["new", "working", "qualified"] } },
    orderBy: ["createdAt"],
  });
}

async function createLead(ctx: Context, values: Partial<LeadInput>): Promise<Lead> {
  const captureKey = values.email ? normalEmail(values.email) : null;
  try {
    return await ctx.savepoint((tx) => tx.repo(lead).create({ ...values, captureKey }));
  } catch (error) {
    if (!UniqueViolation.is(error) || captureKey === null) throw error;
    // Another transaction captured the same person at this moment: begin again, and find the lead.
    throw TransactionConflict({ reason: `a lead of ${captureKey} was captured twice` }, { cause: error });
  }
}

/** Fills what is empty; what somebody has entered stays. */
async function complete(ctx: Context, known: Lead, values: Partial<LeadInput>): Promise<Lead> {
  const patch: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value != null && (known as unknown as Record<string, unknown>)[name] === null) patch[name] = value;
  }
  return Object.keys(patch).length === 0
    ? known
    : ctx.repo(lead).update(known.id, patch as Partial<LeadInput>);
}
