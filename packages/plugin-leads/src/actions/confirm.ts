import { defineAction, oneOf, Type } from "@corm/core";
import { captureForm } from "../entities/capture-form.js";
import { captureSubmission, SUBMISSION_STATES } from "../entities/capture-submission.js";
import { acceptAnswers, recordConsents } from "../services/accept-submission.js";
import { captureSettings } from "../services/settings.js";

/**
 * A submission was sent by whom it names: it becomes a lead, and his consents count from now on. The public route calls
 * it, once the token is checked. Again, it answers what became of it. `POST /api/capture-submissions/{id}/confirm`
 */
export const confirm = defineAction({
  name: "confirm",
  on: captureSubmission,
  label: "Confirm a submission",
  input: Type.Object({}),
  output: Type.Object({
    status: oneOf(SUBMISSION_STATES),
    leadId: Type.Union([Type.String(), Type.Null()]),
  }),
  run: async ({ record }, caller) => {
    const { status, confirmBy } = record;
    const late = confirmBy === null || confirmBy < caller.now();
    if (status !== "pending" || late) return { status, leadId: record.leadId };
    const ctx = caller.asSystem({ capability: "leads.capture", reason: "a submission was confirmed" });
    const form = await ctx.repo(captureForm).get(record.formId, { withDeleted: true });
    const { capturable } = ctx.service(captureSettings);
    const { values, touch } = record;
    let { leadId } = record;
    if (form.leadWhen === "submitted") await recordConsents(ctx, form, values, capturable, ctx.now());
    else leadId = await acceptAnswers(ctx, form, values, touch ?? {}, capturable, ctx.now());
    await ctx
      .repo(captureSubmission)
      .update(record.id, { status: "accepted", leadId, confirmedAt: ctx.now() });
    return { status: "accepted" as const, leadId };
  },
});
