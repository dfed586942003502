import { type DocumentFont, type FontBook, openFonts, optional } from "./fonts.js";

/** A piece of a document as pdfmake takes it. */
export type PdfContent = Readonly<Record<string, unknown>> | readonly PdfContent[];

interface PdfMake {
  setFonts(fonts: object): void;
  setUrlAccessPolicy(allows: (url: string) => boolean): void;
  setLocalAccessPolicy(allows: (path: string) => boolean): void;
  createPdf(definition: object): { getBuffer(): Promise<Buffer> };
}

/** Makes PDF files of documents. */
export interface PdfPrinter {
  /** Text in as many typefaces as it takes. @throws document-font-missing */
  text(text: string): readonly { readonly text: string; readonly font: string }[];
  print(document: {
    readonly title: string;
    readonly content: readonly PdfContent[];
    /** Of the last line of every page, beside its number. */
    readonly footer: string;
    /** What "Page" is called. */
    readonly page: string;
    /** When it was made: the same document gives the same file. */
    readonly createdAt: string;
  }): Promise<Uint8Array>;
}

const PDFMAKE: string = "pdfmake";

/** Opens the fonts once; apps that print nothing load nothing. */
export function createPrinter(fonts: readonly DocumentFont[]): () => Promise<PdfPrinter> {
  let printer: Promise<PdfPrinter> | undefined;
  return () => {
    printer ??= openPrinter(fonts).catch((error) => {
      printer = undefined;
      throw error;
    });
    return printer;
  };
}

async function openPrinter(given: readonly DocumentFont[]): Promise<PdfPrinter> {
  const shared = await optional<PdfMake & { readonly constructor: new () => PdfMake }>(PDFMAKE);
  // One of our own: fonts and policies of others in this process are theirs.
  const pdfmake = new shared.constructor();
  const book: FontBook = await openFonts(given);
  const files = new Set(Object.values(book.files).flatMap(({ normal, bold }) => [normal, bold]));
  pdfmake.setFonts(book.files);
  pdfmake.setUrlAccessPolicy(() => false);
  pdfmake.setLocalAccessPolicy((path) => files.has(path));
  const text = (value: string) => book.runs(value);
  return {
    text,
    async print({ title, content, footer, page, createdAt }) {
      const definition = {
        info: { title, creationDate: new Date(createdAt), modDate: new Date(createdAt) },
        pageSize: "A4",
        pageMargins: [56, 56, 56, 64],
        defaultStyle: { font: "font0", fontSize: 10, lineHeight: 1.25 },
        content,
        footer: (current: number, count: number) => ({
          margin: [56, 12],
          fontSize: 8,
          color: "#555555",
          columns: [
            { text: [...text(footer)], width: "*" },
            { text: [...text(`${page} ${current} / ${count}`)], width: "auto" },
          ],
        }),
      };
      return pdfmake.createPdf(definition).getBuffer();
    },
  };
}
