import { checker, type Issue } from "@corm/core";
import type { FormField } from "../entities/capture-form.js";
import { lead } from "../entities/lead.js";

export type Answers = Record<string, string | boolean>;

/** The longest answer that a field takes unless it says otherwise. */
const MAX_LENGTH: Readonly<Record<FormField["type"], number>> = {
  text: 200,
  textarea: 5_000,
  email: 254,
  tel: 50,
  url: 500,
  select: 200,
  checkbox: 10,
  consent: 10,
};

/** What a field takes, and never more than the lead's own field does. */
export function maxLengthOf(field: FormField): number {
  const target = lead.definition.fields[field.to ?? field.name] as { maxLength?: number } | undefined;
  return Math.min(field.maxLength ?? MAX_LENGTH[field.type], target?.maxLength ?? Number.POSITIVE_INFINITY);
}

const isBox = (field: FormField): boolean => field.type === "checkbox" || field.type === "consent";
const TRUE = new Set(["on", "true", "1", "yes"]);
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\p{Surrogate}/u;
const emailAddress = checker({ type: "string", format: "email" });
const URL_START = /^https?:\/\/[^\s/]+\.[^\s/]+/i;
const PHONE = /^[+(]?[\d\s().\-/+;a-z]{3,}$/i;

/** The answers to the declared questions, in their own form; whatever else was posted is not looked at. */
export function readAnswers(
  fields: readonly FormField[],
  posted: Readonly<Record<string, unknown>>,
  limit = Number.POSITIVE_INFINITY,
): Answers {
  const answers: Answers = {};
  for (const field of fields) {
    const given = Object.hasOwn(posted, field.name) ? posted[field.name] : undefined;
    if (given === undefined || given === null) continue;
    if (isBox(field)) {
      answers[field.name] = given === true || TRUE.has(String(given).trim().toLowerCase());
    } else if (typeof given === "string" || typeof given === "number") {
      const text = String(given).replace(/\r\n?/g, "\n").trim().slice(0, limit);
      if (text !== "") answers[field.name] = text;
    }
  }
  return answers;
}

/** What is wrong with answers, one finding per field. */
export function checkAnswers(fields: readonly FormField[], answers: Answers): Issue[] {
  const issues: Issue[] = [];
  for (const field of fields) {
    const found = problemOf(field, answers[field.name]);
    if (found) issues.push({ pointer: `/${field.name}`, ...found });
  }
  return issues;
}

function problemOf(
  field: FormField,
  answer: string | boolean | undefined,
): Omit<Issue, "pointer"> | undefined {
  if (answer === undefined || answer === false) {
    return field.required ? { code: "required", message: "is required" } : undefined;
  }
  if (typeof answer === "boolean") return undefined;
  if (answer.length > maxLengthOf(field)) {
    return { code: "max-length", message: `must not have more than ${maxLengthOf(field)} characters` };
  }
  if (CONTROLS.test(answer)) return { code: "invalid-text", message: "must not hold control characters" };
  if (field.type !== "textarea" && answer.includes("\n")) {
    return { code: "invalid-text", message: "must be one line" };
  }
  switch (field.type) {
    case "email":
      return emailAddress.Check(answer)
        ? undefined
        : { code: "invalid-email", message: "must be an e-mail address" };
    case "url":
      return URL_START.test(answer)
        ? undefined
        : { code: "invalid-url", message: "must be a web address such as https://example.com" };
    case "tel":
      return PHONE.test(answer) && /\d.*\d/.test(answer)
        ? undefined
        : { code: "invalid-phone", message: "must be a phone number" };
    case "select":
      return field.options?.some(({ value }) => value === answer)
        ? undefined
        : { code: "enum", message: "must be one of the offered choices" };
    default:
      return undefined;
  }
}

/** Answers by the lead field they go to. */
export function leadValuesOf(
  fields: readonly FormField[],
  answers: Answers,
  capturable: ReadonlySet<string>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const field of fields) {
    const answer = answers[field.name];
    const to = field.to ?? field.name;
    if (answer === undefined || field.type === "consent" || !capturable.has(to)) continue;
    // Two questions for one field of the lead: both answers count.
    const before = values[to];
    values[to] = typeof before === "string" && typeof answer === "string" ? `${before}\n${answer}` : answer;
  }
  return values;
}

const LINK = /https?:\/\/|\bwww\.|\[url[=\]]|<a\s/gi;

/** Links in free text; fields that ask for an address are not counted. */
export function countLinks(fields: readonly FormField[], answers: Answers): number {
  let links = 0;
  for (const field of fields) {
    const answer = answers[field.name];
    if (field.type !== "url" && typeof answer === "string") links += answer.match(LINK)?.length ?? 0;
  }
  return links;
}
