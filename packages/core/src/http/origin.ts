import type { Origin } from "../context/provenance.js";
import { InvalidOrigin } from "../runtime/origin.js";

export const ORIGIN_HEADERS = {
  source: "corm-source",
  reference: "corm-reference",
  confidence: "corm-confidence",
} as const;

const NUMBER = /^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/;

/**
 * Where the values of a request are from, as its headers say: `Corm-Source`, and with it `Corm-Reference` and
 * `Corm-Confidence`. Texts are percent-encoded UTF-8, since headers take nothing else.
 *
 * @throws invalid-origin
 */
export function originOf({ headers }: Request): Origin | undefined {
  const source = headers.get(ORIGIN_HEADERS.source);
  const reference = headers.get(ORIGIN_HEADERS.reference);
  const confidence = headers.get(ORIGIN_HEADERS.confidence);
  if (source === null) {
    if (reference === null && confidence === null) return undefined;
    throw InvalidOrigin({ problem: "Say Corm-Source with Corm-Reference and Corm-Confidence." });
  }
  if (confidence !== null && !NUMBER.test(confidence))
    throw InvalidOrigin({ problem: "Corm-Confidence is a number from 0 to 1, such as 0.8." });
  return {
    source: decoded("Corm-Source", source),
    ...(reference === null ? {} : { reference: decoded("Corm-Reference", reference) }),
    ...(confidence === null ? {} : { confidence: Number(confidence) }),
  };
}

function decoded(header: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw InvalidOrigin(
      { problem: `${header} is no percent-encoded UTF-8: write "%25" for "%".` },
      { cause },
    );
  }
}
