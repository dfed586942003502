import {
  type Context,
  defineAction,
  NotFound,
  oneOf,
  TransactionConflict,
  Type,
  toInstant,
  UniqueViolation,
  ValidationFailed,
} from "@corm/core";
import { type CaptureForm, captureForm } from "../entities/capture-form.js";
import {
  type CaptureSubmission,
  captureSubmission,
  SUBMISSION_STATES,
} from "../entities/capture-submission.js";
import { acceptAnswers, captureAnswers } from "../services/accept-submission.js";
import { askToConfirm } from "../services/ask-to-confirm.js";
import { checkAnswers, maxLengthOf, readAnswers } from "../services/form-answers.js";
import { captureSettings } from "../services/settings.js";

const text = Type.Record(Type.String(), Type.String());

/** What became of a submission; the same for its twin. */
const outcome = Type.Object({
  id: Type.String(),
  status: oneOf(SUBMISSION_STATES),
  leadId: Type.Union([Type.String(), Type.Null()]),
});

const outcomeOf = ({ id, status, leadId }: CaptureSubmission) => ({ id, status, leadId });

/**
 * Takes in the answers to a form. The public route calls it, and so may a host whose own server receives the form.
 * The same `submissionId` twice, also at the same moment, is one submission.
 *
 * @throws not-found for an unknown or inactive form; validation-failed with the fields that are wrong
 */
export const submit = defineAction({
  name: "submit",
  on: captureForm,
  collection: true,
  label: "Submit a form",
  input: Type.Object({
    key: Type.String({ minLength: 1, maxLength: 63 }),
    submissionId: Type.String({ minLength: 1, maxLength: 100 }),
    /** Answers by question; what the form does not ask is left out. */
    values: Type.Record(Type.String(), Type.Unknown()),
    /** UTM parameters, referrer, landing page, click ids. */
    touch: Type.Optional(text),
    /** Why to hold it back instead of making a lead of it. */
    hold: Type.Optional(Type.String({ minLength: 1, maxLength: 50 })),
    clientAddress: Type.Optional(Type.String({ maxLength: 64 })),
  }),
  output: outcome,
  run: async ({ input }, caller) => {
    const ctx = caller.asSystem({ capability: "leads.capture", reason: `form ${input.key}` });
    const form = await activeForm(ctx, input.key);
    const key = { formId: form.id, submissionId: input.submissionId };
    const twin = await ctx.repo(captureSubmission).first({ where: key });
    if (twin) return outcomeOf(twin);

    const touch = input.touch ?? {};
    if (input.hold !== undefined) {
      const kept = Math.max(...form.fields.map(maxLengthOf));
      return store(ctx, {
        ...key,
        status: "quarantined",
        reason: input.hold,
        values: readAnswers(form.fields, input.values, kept),
        touch,
        clientAddress: input.clientAddress ?? null,
      });
    }
    const values = readAnswers(form.fields, input.values);
    const issues = checkAnswers(form.fields, values);
    if (issues.length > 0) throw ValidationFailed({ entity: `form "${form.key}"`, issues });
    const { capturable } = ctx.service(captureSettings);
    if (form.doubleOptIn) {
      const early = form.leadWhen === "submitted";
      const leadId = early ? await captureAnswers(ctx, form, values, touch, capturable, ctx.now()) : null;
      const confirmBy = toInstant(ctx.clock.now() + form.confirmHours * 3_600_000);
      const pending = await store(ctx, { ...key, status: "pending", values, touch, leadId, confirmBy });
      await askToConfirm(ctx, pending.id, confirmBy);
      return pending;
    }
    const leadId = await acceptAnswers(ctx, form, values, touch, capturable, ctx.now());
    return store(ctx, { ...key, status: "accepted", values, touch, leadId });
  },
});

async function activeForm(ctx: Context, key: string): Promise<CaptureForm> {
  const form = await ctx.repo(captureForm).first({ where: { key, active: true } });
  if (!form) throw NotFound({ entity: "captureForm", id: key.slice(0, 64) });
  return form;
}

type NewSubmission = Parameters<ReturnType<typeof submissionsOf>["create"]>[0];
const submissionsOf = (ctx: Context) => ctx.repo(captureSubmission);

async function store(ctx: Context, input: NewSubmission) {
  try {
    return outcomeOf(await submissionsOf(ctx).create(input));
  } catch (error) {
    if (!UniqueViolation.is(error)) throw error;
    // Its twin committed at this moment. Everything done for this one is rolled back, and the next try finds the twin.
    throw TransactionConflict({ reason: `submission ${input.submissionId} came twice` }, { cause: error });
  }
}
