import { type Context, consentAddress, defineJob, mailPort, PermanentFailure, Type } from "@corm/core";
import { captureForm } from "../entities/capture-form.js";
import { captureSubmission } from "../entities/capture-submission.js";
import { LAPSE, SEND_CONFIRMATION } from "../services/ask-to-confirm.js";
import { signConfirmation } from "../services/confirm-token.js";
import { leadValuesOf } from "../services/form-answers.js";
import { wordsOf } from "../services/form-words.js";
import { captureSettings } from "../services/settings.js";

const input = Type.Object({ submissionId: Type.String() });

/** Asks a person by mail whether it was him. Sent at least once; the message has the same id each time. */
export const sendConfirmationJob = defineJob(SEND_CONFIRMATION.name, {
  input,
  capability: "leads.capture",
  run: async (ctx, { submissionId }, job) => {
    const submission = await pending(ctx, submissionId);
    if (!submission) return;
    const { capturable, confirmation } = ctx.service(captureSettings);
    const port = ctx.optional(mailPort);
    if (!port || !confirmation)
      throw PermanentFailure({ reason: "no plugin sends mail, or leads({ confirmation }) is not given" });
    const form = await ctx.repo(captureForm).get(submission.formId, { withDeleted: true });
    const { email } = leadValuesOf(form.fields, submission.values, capturable) as { email: string };
    const words = wordsOf(form.language);
    const { from, publicUrl } = confirmation;
    const token = signConfirmation(ctx.tokens, ctx.tenant, submissionId, submission.confirmBy as string);
    const path = `/public/forms/${encodeURIComponent(`${ctx.tenant}~${form.key}`)}/confirm`;
    const link = `${publicUrl.replace(/\/$/, "")}${path}?token=${encodeURIComponent(token)}`;
    const { outcome, detail } = await port.send({
      messageId: `${job.id}@${from.address.split("@")[1]}`,
      from,
      to: { name: "", address: consentAddress(email) },
      replyTo: null,
      subject: `${words.confirmSubject}: ${form.title}`.replace(/[\r\n]+/g, " ").slice(0, 200),
      text: `${words.confirmText}\n\n${link}\n\n${words.confirmIgnore}\n`,
      html: null,
      headers: { "Auto-Submitted": "auto-generated" },
    });
    if (outcome === "later") throw new Error(`the confirmation was not taken yet: ${detail}`);
    if (outcome === "rejected") throw PermanentFailure({ reason: `the confirmation was refused: ${detail}` });
  },
});

/** Nobody has confirmed: what was sent is forgotten. A lead that was made at once stays. */
export const lapseJob = defineJob(LAPSE.name, {
  input,
  capability: "leads.capture",
  transactional: true,
  run: async (ctx, { submissionId }) => {
    if (!(await pending(ctx, submissionId))) return;
    const { status } = await ctx.repo(captureSubmission).get(submissionId, { lock: true });
    if (status !== "pending") return;
    await ctx.repo(captureSubmission).update(submissionId, { status: "lapsed", values: {}, touch: null });
  },
});

const pending = (ctx: Context, id: string) =>
  ctx.repo(captureSubmission).first({ where: { id, status: "pending" } });
