import { defineEntity, type Input, instant, json, one, oneOf, type Row, reference, Type } from "@corm/core";
import { captureForm } from "./capture-form.js";
import { lead } from "./lead.js";

export const SUBMISSION_STATES = ["accepted", "quarantined", "released", "pending", "lapsed"] as const;

const draft = defineEntity("captureSubmission", {
  fields: {
    formId: reference(captureForm, { onDelete: "cascade" }),
    /** The id that the form was issued with, or the caller's own: the same one twice is one submission. */
    submissionId: Type.String({ minLength: 1, maxLength: 100 }),
    /** `pending` until the person confirms, `lapsed` when he has not in time: then nothing of it is kept. */
    status: oneOf(SUBMISSION_STATES),
    /** Why it was held back: `honeypot`, `too-fast`, `expired`, `forged-token`, `too-many-links`, `rate-limited`, `too-large`, `captcha-failed`. */
    reason: Type.Optional(Type.String({ maxLength: 50 })),
    /** Answers to the form's own questions; nothing else of what was posted. */
    values: json(Type.Record(Type.String(), Type.Union([Type.String(), Type.Boolean()]))),
    /** UTM parameters, referrer, landing page, click ids. */
    touch: Type.Optional(json(Type.Record(Type.String(), Type.String()))),
    /** Of quarantined submissions only; of an IPv6 address the network. */
    clientAddress: Type.Optional(Type.String({ maxLength: 64 })),
    leadId: Type.Optional(reference(lead, { onDelete: "set null" })),
    /** Of what is pending. */
    confirmBy: Type.Optional(instant()),
    confirmedAt: Type.Optional(instant()),
    releasedAt: Type.Optional(instant()),
  },
  relations: { form: one("formId"), lead: one("leadId") },
  access: { parents: ["lead"] },
  indexes: [["status"], ["leadId"]],
  unique: [["formId", "submissionId"]],
  immutable: ["formId", "submissionId"],
});

export interface CaptureSubmission extends Row<typeof draft> {}
export interface CaptureSubmissionInput extends Input<typeof draft> {}
/** What somebody sent through a form, accepted or held back. */
export const captureSubmission = draft.as<CaptureSubmission, CaptureSubmissionInput>();
