import type { CaptureForm, FormField } from "../entities/capture-form.js";
import { maxLengthOf } from "./form-answers.js";
import { TOUCH_NAMES } from "./touch.js";

/** JSON Schema of what is posted to a form. */
export function formSchema(form: CaptureForm): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  for (const field of form.fields) properties[field.name] = fieldSchema(field);
  for (const name of TOUCH_NAMES) properties[name] = { type: "string" };
  properties["_token"] = { type: "string", description: "The token that this form was given out with." };
  properties["_submission"] = {
    type: "string",
    minLength: 1,
    maxLength: 100,
    description:
      "Your own id of this submission. Left out, the form's: one form given out is one submission.",
  };
  const required = form.fields.filter((field) => field.required).map((field) => field.name);
  return { type: "object", title: form.title, properties, required: [...required, "_token"] };
}

const FORMATS: Partial<Record<FormField["type"], string>> = { email: "email", url: "uri" };

function fieldSchema(field: FormField): Record<string, unknown> {
  const about = { title: field.label, ...(field.hint ? { description: field.hint } : {}) };
  switch (field.type) {
    case "checkbox":
      return { ...about, type: "boolean" };
    case "consent":
      // A consent that must be given has one answer.
      return { ...about, type: "boolean", ...(field.required ? { const: true } : {}) };
    case "select":
      return { ...about, type: "string", enum: (field.options ?? []).map(({ value }) => value) };
    default: {
      const format = FORMATS[field.type];
      return {
        ...about,
        type: "string",
        maxLength: maxLengthOf(field),
        ...(field.required ? { minLength: 1 } : {}),
        ...(format ? { format } : {}),
      };
    }
  }
}
