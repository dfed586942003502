import { type Context, consents } from "@corm/core";
import type { CaptureForm } from "../entities/capture-form.js";
import { captureLead } from "./capture-lead.js";
import { type Answers, leadValuesOf } from "./form-answers.js";

/** Makes of a form's answers what they are for: a lead or a touchpoint, and the consents given. Answers the lead, null for a contact. */
export async function acceptAnswers(
  ctx: Context,
  form: CaptureForm,
  answers: Answers,
  touch: Readonly<Record<string, string>>,
  capturable: ReadonlySet<string>,
  at: string,
): Promise<string | null> {
  const leadId = await captureAnswers(ctx, form, answers, touch, capturable, at);
  await recordConsents(ctx, form, answers, capturable, at);
  return leadId;
}

/** The lead or touchpoint of it alone. */
export async function captureAnswers(
  caller: Context,
  form: CaptureForm,
  answers: Answers,
  touch: Readonly<Record<string, string>>,
  capturable: ReadonlySet<string>,
  at: string,
): Promise<string | null> {
  const ctx = caller.from({ source: "form", reference: form.id, ...caller.origin });
  const values = leadValuesOf(form.fields, answers, capturable);
  if (form.sourceId) values["sourceId"] = form.sourceId;
  if (form.teamId) values["teamId"] = form.teamId;
  if (form.poolId) values["poolId"] = form.poolId;
  else if (form.ownerId) values["ownerId"] = form.ownerId;
  const campaign = touch["utm_campaign"] ?? form.campaign ?? undefined;
  const { leadId } = await captureLead(ctx, {
    values,
    touch: {
      channel: "form",
      source: (touch["utm_source"] ?? hostOf(touch["referrer"]))?.slice(0, 200),
      at,
      details: { ...touch, ...(campaign ? { utm_campaign: campaign } : {}), form: form.key },
    },
  });
  return leadId;
}

/** What he has agreed to, with form, version and wording as evidence. */
export async function recordConsents(
  ctx: Context,
  form: CaptureForm,
  answers: Answers,
  capturable: ReadonlySet<string>,
  at: string,
): Promise<void> {
  const values = leadValuesOf(form.fields, answers, capturable);
  const address = values["email"];
  if (typeof address === "string") {
    for (const field of form.fields) {
      if (field.type !== "consent" || answers[field.name] !== true || !field.topic) continue;
      await ctx.service(consents).record({
        channel: "email",
        address,
        topic: field.topic,
        decision: "granted",
        legalBasis: "consent",
        evidence: `Form "${form.key}", version ${form.version}: ${field.label}`,
        decidedAt: at,
      });
    }
  }
}

function hostOf(address: string | undefined): string | undefined {
  if (!address) return undefined;
  try {
    return new URL(address).hostname || undefined;
  } catch {
    return undefined;
  }
}
