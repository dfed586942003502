import { htmlProblems, isCormError, type OutputForm, type TemplateEngine, templateEngine } from "@corm/core";
import { InvalidTemplate, MissingVariable, UnsafeMessage } from "../errors.js";
import { htmlToText } from "./html-to-text.js";

/** What is rendered: a template's three parts. */
export interface MessageSource {
  readonly subject: string;
  readonly html: string;
  /** Null: derived from the HTML. */
  readonly text: string | null;
}

export interface RenderedMessage {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

export type MessagePart = keyof MessageSource;

/**
 * Puts the values of one person into a template.
 *
 * @throws missing-variable, invalid-template, unsafe-message
 */
export async function renderMessage(source: MessageSource, scope: object): Promise<RenderedMessage> {
  const engine = await templateEngine();
  const subject = part(engine, "subject", source.subject, "text", scope).trim();
  // A line break would begin a header of its own.
  if (/[\r\n\u2028\u2029]/.test(subject)) {
    throw UnsafeMessage({ part: "subject", problem: "it holds a line break, which could forge a header" });
  }
  const html = part(engine, "html", source.html, "html", scope);
  const [problem] = htmlProblems(html, "message");
  if (problem) throw UnsafeMessage({ part: "html", problem });
  const text = source.text === null ? htmlToText(html) : part(engine, "text", source.text, "text", scope);
  return { subject, html, text };
}

function part(
  engine: TemplateEngine,
  name: MessagePart,
  source: string,
  form: OutputForm,
  scope: object,
): string {
  try {
    return engine.render(source, form, scope);
  } catch (error) {
    throw templateError(name, error);
  }
}

/** liquidjs' errors in our words. */
export function templateError(name: MessagePart, error: unknown): Error {
  if (isCormError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const variable = /undefined variable: ([^,\s]+)/.exec(message)?.[1];
  if (variable) return MissingVariable({ part: name, variable }, { cause: error });
  const limit = /(memory alloc|render|parse length) limit exceeded/.test(message);
  const problem = limit ? `it takes too much time, memory or space (${message})` : message;
  return InvalidTemplate({ part: name, problem }, { cause: error });
}
