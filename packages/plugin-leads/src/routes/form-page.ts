import { createHash } from "node:crypto";
import type { Issue } from "@corm/core";
import type { CaptureForm, FormField } from "../entities/capture-form.js";
import { maxLengthOf } from "../services/form-answers.js";
import { type FormWords, wordsOf } from "../services/form-words.js";
import { HONEYPOT } from "../services/screen.js";

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; padding: 1rem; max-width: 36rem; }
h1 { font-size: 1.25rem; }
label, legend { display: block; margin-top: 1rem; }
input:not([type=checkbox]), textarea, select { box-sizing: border-box; width: 100%; padding: .5rem; font: inherit; }
button { margin-top: 1.5rem; padding: .6rem 1.2rem; font: inherit; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
[aria-invalid=true] { border: 2px solid #c00; }
.hint, .problem { font-size: .9rem; }
.problem { font-weight: 600; }
.trap { position: absolute; left: -10000px; width: 1px; height: 1px; overflow: hidden; }
`;
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

export interface FormPage {
  readonly form: CaptureForm;
  readonly action: string;
  /** Hidden inputs: token and where the visitor came from. */
  readonly hidden: Readonly<Record<string, string>>;
  /** What was typed before, when the form comes back with problems. */
  readonly typed?: Readonly<Record<string, unknown>>;
  readonly issues?: readonly Issue[];
}

/** The form as a page of its own, fit to be embedded in a frame. No script. */
export function formPage(page: FormPage): string {
  const { form, issues = [] } = page;
  const words = wordsOf(form.language);
  const problems = new Map(issues.map((issue) => [issue.pointer.slice(1), issue]));
  const hidden = Object.entries(page.hidden)
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join("");
  const fields = form.fields
    .map((field) => question(field, page.typed?.[field.name], problems.get(field.name), words))
    .join("\n");
  return htmlDocument(
    form,
    `<h1>${escapeHtml(form.title)}</h1>
${form.intro ? `<p>${paragraphs(form.intro)}</p>` : ""}
${summary(form, problems, words)}
<form method="post" action="${escapeHtml(page.action)}" novalidate>
${hidden}
<div class="trap" aria-hidden="true"><label for="${HONEYPOT}">${escapeHtml(words.leaveEmpty)}</label>
<input id="${HONEYPOT}" name="${HONEYPOT}" tabindex="-1" autocomplete="off"></div>
${fields}
<button type="submit">${escapeHtml(form.submitLabel ?? words.send)}</button>
</form>`,
  );
}

/** Where a link of confirmation leads: a button, since programs that look through mail follow links and press none. */
export function confirmPage(form: CaptureForm, action: string, token: string): string {
  const words = wordsOf(form.language);
  return htmlDocument(
    form,
    `<h1>${escapeHtml(form.title)}</h1>
<p>${escapeHtml(words.confirmText)}</p>
<form method="post" action="${escapeHtml(action)}">
<input type="hidden" name="token" value="${escapeHtml(token)}">
<button type="submit">${escapeHtml(words.confirmButton)}</button>
</form>`,
  );
}

/** And what came of it. */
export function confirmedPage(form: CaptureForm, holds: boolean): string {
  const words = wordsOf(form.language);
  const said = escapeHtml(holds ? words.confirmed : words.confirmLate);
  return htmlDocument(form, `<h1>${escapeHtml(form.title)}</h1>\n<p role="status">${said}</p>`);
}

/** The page after sending: the same for what was accepted and what was held back. */
export function thanksPage(form: CaptureForm): string {
  const words = wordsOf(form.language);
  const target = form.redirectUrl;
  return htmlDocument(
    form,
    `<h1>${escapeHtml(form.title)}</h1>
<p role="status">${paragraphs(form.thanks ?? words.thanks)}</p>
${target ? `<p><a href="${escapeHtml(target)}" target="_top" rel="noreferrer">${escapeHtml(words.goOn)}</a></p>` : ""}`,
    target ? `<meta http-equiv="refresh" content="0; url=${escapeHtml(target)}">` : "",
  );
}

/** Headers of these pages: nothing loads, nothing runs, and only the form's own hosts may frame it. */
export function pageHeaders(form: CaptureForm): Record<string, string> {
  const ancestors = form.embedOrigins?.length ? form.embedOrigins.join(" ") : "*";
  return {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors ${ancestors}`,
  };
}

function htmlDocument(form: CaptureForm, body: string, head = ""): string {
  return `<!doctype html>
<html lang="${escapeHtml(form.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(form.title)}</title>
${head}<style>${STYLE}</style>
</head>
<body><main>
${body}
</main></body>
</html>
`;
}

function summary(form: CaptureForm, problems: ReadonlyMap<string, Issue>, words: FormWords): string {
  const found = form.fields.filter((field) => problems.has(field.name));
  if (found.length === 0) return "";
  const items = found.map(
    (field) =>
      `<li><a href="#f-${field.name}">${escapeHtml(field.label)}</a>: ${said(problems, field, words)}</li>`,
  );
  return `<div role="alert"><p>${escapeHtml(words.pleaseCheck)}</p><ul>${items.join("")}</ul></div>`;
}

function said(problems: ReadonlyMap<string, Issue>, field: FormField, words: FormWords): string {
  const issue = problems.get(field.name);
  return issue ? escapeHtml(words.problems[issue.code] ?? issue.message) : "";
}

/** What browsers may fill in, by what the answer is for. */
const AUTOCOMPLETE: Readonly<Record<string, string>> = {
  firstName: "given-name",
  lastName: "family-name",
  email: "email",
  phone: "tel",
  company: "organization",
  title: "organization-title",
  website: "url",
  country: "country-name",
};

function question(field: FormField, typed: unknown, issue: Issue | undefined, words: FormWords): string {
  const id = `f-${field.name}`;
  const described = [field.hint ? `${id}-hint` : "", issue ? `${id}-problem` : ""].filter(Boolean).join(" ");
  const autocomplete = AUTOCOMPLETE[field.to ?? field.name];
  const shared = [
    `id="${id}" name="${escapeHtml(field.name)}"`,
    field.required ? `required aria-required="true"` : "",
    issue ? `aria-invalid="true"` : "",
    described ? `aria-describedby="${described}"` : "",
  ]
    .filter(Boolean)
    .join(" ");
  const label = `<label for="${id}">${escapeHtml(field.label)}${field.required ? ` (${escapeHtml(words.required)})` : ""}</label>`;
  const extra = [
    field.hint ? `<div class="hint" id="${id}-hint">${escapeHtml(field.hint)}</div>` : "",
    issue
      ? `<div class="problem" id="${id}-problem">${escapeHtml(words.problems[issue.code] ?? issue.message)}</div>`
      : "",
  ].join("");
  const value = typeof typed === "string" ? typed : "";
  switch (field.type) {
    case "checkbox":
    case "consent": {
      const checked = typed === true || typed === "true" || typed === "on" ? " checked" : "";
      return `<div><label for="${id}"><input type="checkbox" value="true" ${shared}${checked}> ${escapeHtml(field.label)}${field.required ? ` (${escapeHtml(words.required)})` : ""}</label>${extra}</div>`;
    }
    case "select": {
      const options = (field.options ?? []).map(
        (option) =>
          `<option value="${escapeHtml(option.value)}"${option.value === value ? " selected" : ""}>${escapeHtml(option.label)}</option>`,
      );
      return `<div>${label}<select ${shared}><option value="">${escapeHtml(words.choose)}</option>${options.join("")}</select>${extra}</div>`;
    }
    case "textarea":
      return `<div>${label}<textarea rows="5" maxlength="${maxLengthOf(field)}" ${shared}>\n${escapeHtml(value)}</textarea>${extra}</div>`;
    default:
      return `<div>${label}<input type="${field.type}" maxlength="${maxLengthOf(field)}" value="${escapeHtml(value)}" ${shared}${autocomplete ? ` autocomplete="${autocomplete}"` : ""}>${extra}</div>`;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

const paragraphs = (text: string): string => escapeHtml(text).replaceAll("\n", "<br>");
