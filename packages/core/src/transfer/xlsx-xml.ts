import type { Readable } from "node:stream";
import { InvalidImport } from "./errors.js";

export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Names of the elements around it. */
  readonly path: readonly string[];
  readonly isEnd: boolean;
  /** Of an end: the text within, apart from that of elements within. */
  readonly text: string;
}

const MAX_DEPTH = 64;
/** Characters of one text: a cell has at most 32,767. */
const MAX_TEXT = 1_048_576;

/**
 * The elements of a part as they begin, and those of `ends` as they end as well. As fast as they are asked for: a piece of the
 * part is taken when the elements of the last one are used up.
 *
 * @throws invalid-import
 */
export async function* elements(part: Readable, ends: readonly string[] = []): AsyncGenerator<XmlElement> {
  const { SaxesParser } = await import("saxes");
  const parser = new SaxesParser();
  let found: XmlElement[] = [];
  const open: { name: string; text: string }[] = [];
  const broken = (reason: string, cause?: unknown) =>
    InvalidImport({ reason: `The workbook (XLSX) is broken: ${reason}.` }, { cause });
  parser.on("error", (error) => {
    throw broken("a part of it is no XML", error);
  });
  // Nothing in a workbook needs one, and much harm is done with them.
  parser.on("doctype", () => {
    throw broken("a part of it has a document type");
  });
  parser.on("opentag", ({ name, attributes }) => {
    const local = localName(name);
    if (open.length >= MAX_DEPTH) throw broken("its elements nest too deep");
    const path = open.map((each) => each.name);
    found.push({ name: local, attributes: localNames(attributes), path, isEnd: false, text: "" });
    open.push({ name: local, text: "" });
  });
  parser.on("text", (text) => {
    const last = open[open.length - 1];
    if (!last) return;
    if (last.text.length + text.length > MAX_TEXT) throw broken("a text of it is too long");
    last.text += text;
  });
  parser.on("closetag", ({ name, attributes }) => {
    const last = open.pop();
    const local = localName(name);
    if (!last || !ends.includes(local)) return;
    const path = open.map((each) => each.name);
    found.push({ name: local, attributes: localNames(attributes), path, isEnd: true, text: last.text });
  });
  const decoder = new TextDecoder();
  try {
    for await (const chunk of part) {
      parser.write(decoder.decode(chunk as Uint8Array, { stream: true }));
      const ready = found;
      found = [];
      yield* ready;
    }
    parser.close();
  } catch (error) {
    // The packer's own errors: sizes that are lies, bytes that cannot be unpacked.
    if (error instanceof Error && !("status" in error))
      throw broken("a part of it cannot be unpacked", error);
    throw error;
  }
  yield* found;
}

const localName = (name: string): string => name.slice(name.indexOf(":") + 1);

function localNames(attributes: Readonly<Record<string, unknown>>): Record<string, string> {
  const names: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) names[localName(name)] = String(value);
  return names;
}
