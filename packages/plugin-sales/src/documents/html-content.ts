import { decodeEntities, htmlTokens } from "@corm/core";
import type { PdfContent, PdfPrinter } from "./pdf.js";

/** What text looks like where it stands. */
interface Style {
  readonly bold: boolean;
  readonly underline: boolean;
}

type Run = Readonly<Record<string, unknown>>;

/** A block that is being read. */
interface Block {
  readonly tag: string;
  readonly content: PdfContent[];
  runs: Run[];
  style: Style;
  readonly rows: PdfContent[][];
}

const HEADINGS: Readonly<Record<string, number>> = { h1: 18, h2: 14, h3: 12, h4: 11 };
const BLOCKS = new Set([
  "p",
  "div",
  "section",
  "article",
  "header",
  "footer",
  "main",
  "blockquote",
  ...Object.keys(HEADINGS),
]);
const CONTAINERS = new Set(["ul", "ol", "table", "tr", "li", "td", "th"]);
/** What says nothing on paper. */
const SILENT = new Set(["style", "title", "head", "script"]);

const plain: Style = { bold: false, underline: false };

/**
 * HTML of templates as content of a PDF: headings, paragraphs, lists, tables, bold, underlined, line breaks and rules. Other elements
 * are taken for their text. Nothing is loaded.
 */
export function htmlContent(printer: PdfPrinter, html: string): PdfContent[] {
  const open = (tag: string, style: Style): Block => ({ tag, content: [], runs: [], style, rows: [] });
  const root = open("", plain);
  const stack: Block[] = [root];
  const top = (): Block => stack.at(-1) as Block;
  let silent = 0;

  const flush = (): void => {
    const block = top();
    if (block.runs.some(({ text }) => String(text).trim() !== "")) block.content.push(paragraph(block));
    block.runs = [];
  };
  const close = (tag: string): void => {
    const at = stack.findLastIndex((block) => block.tag === tag);
    if (at < 1) return;
    while (stack.length > at) {
      flush();
      const block = stack.pop() as Block;
      top().content.push(...closed(block, top()));
    }
  };

  for (const token of htmlTokens(html)) {
    if (token.kind === "text") {
      if (silent > 0) continue;
      const block = top();
      const text = decodeEntities(token.text).replace(/[ \t\r\n]+/g, " ");
      const start = block.runs.length === 0 || String(block.runs.at(-1)?.["text"]).endsWith("\n");
      for (const run of printer.text(start ? text.trimStart() : text))
        block.runs.push({
          ...run,
          ...(block.style.bold ? { bold: true } : {}),
          ...(block.style.underline ? { decoration: "underline" } : {}),
        });
      continue;
    }
    const { name, closing } = token;
    if (SILENT.has(name)) silent = Math.max(0, silent + (closing ? -1 : 1));
    else if (name === "br") top().runs.push({ text: "\n" });
    else if (name === "hr") {
      flush();
      top().content.push({
        canvas: [{ type: "line", x1: 0, y1: 0, x2: 483, y2: 0, lineWidth: 0.5 }],
        margin: [0, 6, 0, 6],
      });
    } else if (name === "b" || name === "strong") top().style = { ...top().style, bold: !closing };
    else if (name === "u") top().style = { ...top().style, underline: !closing };
    else if (BLOCKS.has(name) || CONTAINERS.has(name)) {
      flush();
      if (closing) close(name);
      else {
        // A row, a cell or an item ends where the next one begins, also without saying so.
        if (["p", "li", "tr", "td", "th"].includes(name)) closeOpen(name, stack, close);
        stack.push(open(name, name === "th" ? { ...plain, bold: true } : plain));
      }
    }
  }
  while (stack.length > 1) close(top().tag);
  flush();
  return root.content;
}

const WITHIN: Readonly<Record<string, readonly string[]>> = {
  p: ["td", "th", "li", "div", ""],
  li: ["ul", "ol"],
  td: ["tr", "table"],
  th: ["tr", "table"],
  tr: ["table"],
};
const SAME: Readonly<Record<string, readonly string[]>> = { td: ["td", "th"], th: ["td", "th"] };

function closeOpen(name: string, stack: readonly Block[], close: (tag: string) => void): void {
  const border = stack.findLastIndex(({ tag }) => (WITHIN[name] ?? []).includes(tag));
  for (let at = stack.length - 1; at > border; at--) {
    const tag = stack[at]?.tag ?? "";
    if ((SAME[name] ?? [name]).includes(tag)) close(tag);
  }
}

function paragraph({ tag, runs }: Block): PdfContent {
  const size = HEADINGS[tag];
  if (size !== undefined) return { text: runs, fontSize: size, bold: true, margin: [0, 8, 0, 4] };
  return { text: runs, margin: tag === "li" || tag === "td" || tag === "th" ? [0, 0, 0, 0] : [0, 0, 0, 6] };
}

function closed(block: Block, parent: Block): PdfContent[] {
  switch (block.tag) {
    case "ul":
    case "ol":
      return [{ [block.tag]: block.content, margin: [0, 0, 0, 6] }];
    case "li":
      return [{ stack: block.content }];
    case "td":
    case "th":
      return [{ stack: block.content }];
    case "tr":
      parent.rows.push(block.content);
      return [];
    case "table": {
      const width = Math.max(0, ...block.rows.map((row) => row.length));
      if (width === 0) return block.content;
      const body = block.rows.map((row) => [
        ...row,
        ...Array.from({ length: width - row.length }, () => ({ text: "" })),
      ]);
      const widths = Array.from({ length: width }, (_, at) => (at === 0 ? "*" : "auto"));
      return [
        {
          layout: "lightHorizontalLines",
          margin: [0, 4, 0, 8],
          table: { widths, body, dontBreakRows: true },
        },
      ];
    }
    default:
      return block.content;
  }
}
