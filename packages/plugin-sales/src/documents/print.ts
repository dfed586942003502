import { isCormError } from "@corm/core";
import type { Contract } from "../entities/contract.js";
import type { Quote } from "../entities/quote.js";
import { DocumentFontMissing, PdfNotInstalled, QuoteNotOpen } from "../errors.js";
import { documentWords } from "../quotes/words.js";
import { htmlContent } from "./html-content.js";
import type { PdfPrinter } from "./pdf.js";
import { quotePdf } from "./quote-pdf.js";

type Opener = () => Promise<PdfPrinter>;

/** What was sent, as PDF: the same file whenever it is asked for. @throws quote-not-open, pdf-not-installed, document-font-missing */
export async function printQuote(printer: Opener, found: Quote): Promise<Uint8Array> {
  const { document, documentHash, number, status } = found;
  if (document === null || documentHash === null) throw QuoteNotOpen({ number, status });
  return quotePdf(await printer(), document, documentHash);
}

/** @throws pdf-not-installed, document-font-missing */
export async function printContract(printer: Opener, found: Contract): Promise<Uint8Array> {
  const { html, number, language, documentHash, createdAt } = found;
  const opened = await printer();
  const { checksum, page } = documentWords(language);
  const content = htmlContent(opened, html);
  return opened.print({ title: number, content, footer: `${checksum}: ${documentHash}`, page, createdAt });
}

/** Why a PDF cannot be written that an app with other packages or fonts could write. */
export const isUnprintable = (error: unknown): boolean =>
  isCormError(error) && (PdfNotInstalled.is(error) || DocumentFontMissing.is(error));

/** Whether a quote can be had as PDF here: the package is there, and a font for every character. */
export async function canPrint(printer: Opener, { document }: Quote): Promise<boolean> {
  try {
    const opened = await printer();
    for (const text of textsOf(document)) opened.text(text);
    return true;
  } catch (error) {
    if (isUnprintable(error)) return false;
    throw error;
  }
}

function* textsOf(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null)
    for (const one of Object.values(value)) yield* textsOf(one);
}
