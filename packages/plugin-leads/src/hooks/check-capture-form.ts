import { before, each, type HookDefinition } from "@corm/core";
import { captureForm, type FormField } from "../entities/capture-form.js";
import { lead } from "../entities/lead.js";
import { InvalidFormField } from "../errors.js";
import { HONEYPOT } from "../services/screen.js";

/** A form asks sensible questions, and lets visitors write to no field of the lead but those meant for them. */
export function checkCaptureForm(capturable: ReadonlySet<string>): readonly HookDefinition[] {
  return [
    before(
      captureForm,
      "create",
      { name: "leads.formCreate" },
      each(({ input }) => checkFields(input.fields, capturable)),
    ),
    before(
      captureForm,
      "update",
      { name: "leads.formUpdate" },
      each(({ patch }) => checkFields(patch.fields, capturable)),
    ),
  ];
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
