import { defineAction, oneOf, Type, ValidationFailed } from "@corm/core";
import { captureForm } from "../entities/capture-form.js";
import { captureSubmission, SUBMISSION_STATES } from "../entities/capture-submission.js";
import { acceptAnswers } from "../services/accept-submission.js";
import { checkAnswers } from "../services/form-answers.js";
import { captureSettings } from "../services/settings.js";

/**
 * Lets a submission out of quarantine: it becomes a lead as if it had been accepted when it came. On one that is out
 * already it answers what became of it.
 *
 * @throws validation-failed where the answers do not fit the form
 */
export const release = defineAction({
  name: "release",
  on: captureSubmission,
  label: "Release from quarantine",
  input: Type.Object({}),
  output: Type.Object({
    status: oneOf(SUBMISSION_STATES),
    leadId: Type.Union([Type.String(), Type.Null()]),
  }),
  run: async ({ record }, caller) => {
    if (record.status !== "quarantined") return { status: record.status, leadId: record.leadId };
    const ctx = caller.asSystem({ capability: "leads.capture", reason: "release from quarantine" });
    const form = await ctx.repo(captureForm).get(record.formId);
    const issues = checkAnswers(form.fields, record.values);
    if (issues.length > 0) throw ValidationFailed({ entity: `form "${form.key}"`, issues });
    const leadId = await acceptAnswers(
      ctx,
      form,
      record.values,
      record.touch ?? {},
      ctx.service(captureSettings).capturable,
      record.createdAt,
    );
    await caller.repo(captureSubmission).update(record.id, {
      status: "released",
      leadId,
      releasedAt: caller.now(),
    });
    return { status: "released" as const, leadId };
  },
});
