import type { Readable } from "node:stream";
import { InvalidImport } from "./errors.js";
import { elements } from "./xlsx-xml.js";

export interface Workbook {
  readonly sheets: readonly { readonly name: string; readonly path: string }[];
  /** Days are counted from 1904, as old Macs did. */
  readonly is1904: boolean;
}

type Part = (path: string) => Promise<Readable | undefined>;

const BOOK = "xl/workbook.xml";

/** Names of the sheets, in their order, and where they are. @throws invalid-import */
export async function workbookOf(part: Part): Promise<Workbook> {
  const [book, links] = [await part(BOOK), await part("xl/_rels/workbook.xml.rels")];
  if (!book || !links) throw InvalidImport({ reason: "The file is no workbook (XLSX): it has no sheets." });
  const paths = new Map<string, string>();
  for await (const { name, attributes } of elements(links))
    if (name === "Relationship") paths.set(attributes["Id"] ?? "", pathOf(attributes["Target"] ?? ""));
  const sheets: { name: string; path: string }[] = [];
  let is1904 = false;
  for await (const { name, attributes } of elements(book)) {
    if (name === "workbookPr") is1904 = ["1", "true"].includes(attributes["date1904"] ?? "");
    if (name !== "sheet") continue;
    const path = paths.get(attributes["id"] ?? "");
    if (path?.includes("worksheets/")) sheets.push({ name: attributes["name"] ?? "", path });
  }
  return { sheets, is1904 };
}

const pathOf = (target: string): string => (target.startsWith("/") ? target.slice(1) : `xl/${target}`);

/** The part of this name, whatever its letters and place. */
export function partOf(paths: Iterable<string>, name: string): string {
  const wanted = `/${name.toLowerCase()}.xml`;
  return [...paths].find((path) => path.toLowerCase().endsWith(wanted)) ?? "";
}

/** The texts that cells share, by number. Rich text is joined; what stands above characters to read them by is left out. */
export async function sharedTexts(part: Readable | undefined): Promise<readonly string[]> {
  const texts: string[] = [];
  if (!part) return texts;
  let text = "";
  for await (const { name, text: inner, isEnd, path } of elements(part, ["t", "si"])) {
    if (name === "t" && isEnd && !path.includes("rPh")) text += inner;
    if (name !== "si" || !isEnd) continue;
    texts.push(text);
    text = "";
  }
  return texts;
}

/** Number formats of Excel that show a day or a time. */
const DATE_FORMATS = new Set([
  14, 15, 16, 17, 18, 19, 20, 21, 22, 27, 28, 29, 30, 31, 36, 45, 46, 47, 50, 57,
]);

/** Which styles of cells show a day or a time, by number. */
export async function dateStyles(part: Readable | undefined): Promise<readonly boolean[]> {
  const styles: boolean[] = [];
  if (!part) return styles;
  const own = new Map<number, boolean>();
  let inside = false;
  for await (const { name, attributes, isEnd } of elements(part, ["cellXfs"])) {
    if (name === "cellXfs") inside = !isEnd;
    if (isEnd) continue;
    const id = Number(attributes["numFmtId"] ?? "0");
    if (name === "numFmt") own.set(id, isDateFormat(attributes["formatCode"] ?? ""));
    if (name === "xf" && inside) styles.push(own.get(id) ?? DATE_FORMATS.has(id));
  }
  return styles;
}

/** `dd.mm.yyyy` and `[$-409]h:mm AM/PM` do, `0.00 "days"` and `[Red]#,##0` do not. */
function isDateFormat(code: string): boolean {
  const bare = code.replace(/"[^"]*"|\\.|_.|\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, "");
  return /[ymdhs年月日时]/i.test(bare.replace(/general/gi, ""));
}
