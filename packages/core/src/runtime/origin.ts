import type { Context } from "../context/context.js";
import type { Origin } from "../context/provenance.js";
import { defineError } from "../errors/define-error.js";
import { shown } from "../errors/value-errors.js";

export const InvalidOrigin = defineError<{ problem: string }>("invalid-origin", {
  status: 400,
  title: "Not a source that values could be from",
  detail: ({ problem }) => problem,
});

export const MAX_SOURCE = 100;
export const MAX_REFERENCE = 200;

const wrong = (problem: string) => InvalidOrigin({ problem });
const CONTROL = /\p{Cc}/u;

/** The same with blanks taken off. @throws invalid-origin */
export function checkOrigin(origin: Origin): Origin {
  const { source, reference, confidence } = origin;
  const named = textOf("source", source, MAX_SOURCE);
  if (confidence !== undefined && !(typeof confidence === "number" && confidence >= 0 && confidence <= 1))
    throw wrong(`The confidence of a source is a number from 0 to 1, not ${shown(confidence)}.`);
  return {
    source: named,
    ...(reference === undefined ? {} : { reference: textOf("reference", reference, MAX_REFERENCE) }),
    ...(confidence === undefined ? {} : { confidence }),
  };
}

function textOf(what: string, given: unknown, most: number): string {
  const text = typeof given === "string" ? given.trim() : "";
  if (text === "" || text.length > most || CONTROL.test(text))
    throw wrong(
      `The ${what} of an origin is a text of 1 to ${most} characters in one line, not ${shown(given)}.`,
    );
  return text;
}

/**
 * The same session for values that came from outside, such as by a mail.
 *
 * @param reference what the outside calls it, of which only what stands in one line of an origin is kept
 * @param said what the caller has named as their source, which counts for more
 */
export function fromOutside(
  ctx: Context,
  source: string,
  reference: string | null,
  said: Origin | undefined = ctx.origin,
): Context {
  const named = (reference ?? "")
    .replace(/\p{Cc}/gu, "")
    .trim()
    .slice(0, MAX_REFERENCE);
  return ctx.from({ source, ...(named ? { reference: named } : {}), ...said });
}
