import { before, type Context, each, type HookDefinition, mailPort } from "@corm/core";
import { type CaptureFormInput, captureForm, type FormField } from "../entities/capture-form.js";
import { lead } from "../entities/lead.js";
import { FormNeeds, InvalidFormField } from "../errors.js";
import { captcha } from "../services/captcha.js";
import { HONEYPOT } from "../services/screen.js";
import { captureSettings } from "../services/settings.js";

/** A form asks sensible questions, and lets visitors write to no field of the lead but those meant for them. */
export function checkCaptureForm(capturable: ReadonlySet<string>): readonly HookDefinition[] {
  return [
    before(
      captureForm,
      "create",
      { name: "leads.formCreate" },
      each(({ input }, ctx) => {
        checkFields(input.fields, capturable);
        checkPorts(ctx, input, capturable);
      }),
    ),
    before(
      captureForm,
      "update",
      { name: "leads.formUpdate" },
      each(({ before: old, patch }, ctx) => {
        checkFields(patch.fields, capturable);
        checkPorts(ctx, { ...old, ...patch }, capturable);
      }),
    ),
  ];
}

/** What a form asks of the app is there when it is written, and not missed when somebody sends it. */
function checkPorts(ctx: Context, form: Partial<CaptureFormInput>, capturable: ReadonlySet<string>): void {
  if (form.captcha && !ctx.optional(captcha))
    throw FormNeeds({ field: "captcha", problem: 'no plugin of this app provides "leads.captcha"' });
  if (!form.doubleOptIn) return;
  const needs = (problem: string) => FormNeeds({ field: "doubleOptIn", problem });
  if (!ctx.optional(mailPort)) throw needs("no plugin of this app sends mail");
  if (!ctx.service(captureSettings).confirmation)
    throw needs("leads({ confirmation: { from, publicUrl } }) is not given");
  const asked = (form.fields as FormField[]).find(({ name, to }) => (to ?? name) === "email");
  if (!asked?.required || !capturable.has("email"))
    throw needs('the form has no required question for "email"');
}

function checkFields(fields: unknown, capturable: ReadonlySet<string>): void {
  // Whether it is a list of fields at all is the schema's business.
  if (!Array.isArray(fields)) return;
  const names = new Set<string>();
  fields.forEach((field: Partial<FormField>, index) => {
    const problem = problemOf(field, names, capturable);
    if (problem) throw InvalidFormField({ index, name: String(field.name), problem });
    names.add(field.name as string);
  });
}

function problemOf(
  field: Partial<FormField>,
  names: ReadonlySet<string>,
  capturable: ReadonlySet<string>,
): string | undefined {
  const { name = "", type, to } = field;
  if (names.has(name)) return "is asked for twice";
  if (name === HONEYPOT) return "has the name of the form's own trap for programs: choose another";
  if (to !== undefined && !capturable.has(to)) {
    return `may not write to "${to}" of a lead; fields for visitors are ${[...capturable].join(", ")}`;
  }
  if (type === "select" && !field.options) return 'needs "options" to choose from';
  if (type === "consent" && !field.topic) return 'needs a "topic" that it consents to';
  const target = to ?? name;
  if (target === "email" && type !== "email") return 'goes to "email" and must be of type "email"';
  if (type === "checkbox" && capturable.has(target) && target in lead.definition.fields) {
    return `is a checkbox, and "${target}" of a lead holds text`;
  }
  return undefined;
}
