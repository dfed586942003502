/** A piece of HTML, cut the way browsers cut it. */
export type HtmlToken =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "tag";
      /** Lower case. */
      readonly name: string;
      readonly closing: boolean;
      readonly attributes: readonly HtmlAttribute[];
    };

export interface HtmlAttribute {
  /** Lower case. */
  readonly name: string;
  /** As written, entities and all. */
  readonly value: string;
  readonly quoted: boolean;
}

const SPACE = /\s/;
const LETTER = /[a-zA-Z]/;
/** Elements whose content is no markup. */
const RAW_TEXT = new Set(["style", "script", "title", "textarea"]);

/**
 * Cuts HTML into tags and text. Comments are not skipped: Outlook shows the inside of some, and what is checked
 * must be all that can be shown.
 */
export function* htmlTokens(html: string): Generator<HtmlToken> {
  let lower: string | undefined;
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    if (open < 0) break;
    const closing = html[open + 1] === "/";
    const start = open + (closing ? 2 : 1);
    if (!LETTER.test(html[start] ?? "")) {
      yield { kind: "text", text: html.slice(at, open + 1) };
      at = open + 1;
      continue;
    }
    if (open > at) yield { kind: "text", text: html.slice(at, open) };
    let end = start;
    while (end < html.length && !SPACE.test(html[end] as string) && html[end] !== ">" && html[end] !== "/")
      end++;
    const name = html.slice(start, end).toLowerCase();
    const { attributes, next } = readAttributes(html, end);
    yield { kind: "tag", name, closing, attributes };
    at = next;
    if (!closing && RAW_TEXT.has(name)) {
      lower ??= html.toLowerCase();
      const close = lower.indexOf(`</${name}`, at);
      const until = close < 0 ? html.length : close;
      if (until > at) yield { kind: "text", text: html.slice(at, until) };
      at = until;
    }
  }
  if (at < html.length) yield { kind: "text", text: html.slice(at) };
}

function readAttributes(html: string, from: number): { attributes: HtmlAttribute[]; next: number } {
  const attributes: HtmlAttribute[] = [];
  let at = from;
  while (at < html.length) {
    const char = html[at] as string;
    if (char === ">") return { attributes, next: at + 1 };
    if (SPACE.test(char) || char === "/") {
      at++;
      continue;
    }
    const nameStart = at++;
    while (at < html.length && !SPACE.test(html[at] as string) && !"=>/".includes(html[at] as string)) at++;
    const name = html.slice(nameStart, at).toLowerCase();
    let look = at;
    while (SPACE.test(html[look] ?? "")) look++;
    if (html[look] !== "=") {
      attributes.push({ name, value: "", quoted: true });
      continue;
    }
    at = look + 1;
    while (SPACE.test(html[at] ?? "")) at++;
    const quote = html[at];
    if (quote === '"' || quote === "'") {
      const close = html.indexOf(quote, at + 1);
      const end = close < 0 ? html.length : close;
      attributes.push({ name, value: html.slice(at + 1, end), quoted: true });
      at = end + 1;
    } else {
      const start = at;
      while (at < html.length && !SPACE.test(html[at] as string) && html[at] !== ">") at++;
      attributes.push({ name, value: html.slice(start, at), quoted: false });
    }
  }
  return { attributes, next: html.length };
}

/** HTML without its comments; one that does not end goes on to the end. */
export function withoutComments(html: string): string {
  let out = "";
  let at = 0;
  for (;;) {
    const open = html.indexOf("<!--", at);
    if (open < 0) return out + html.slice(at);
    out += html.slice(at, open);
    const close = html.indexOf("-->", open + 4);
    if (close < 0) return out;
    at = close + 3;
  }
}

const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  ndash: "–",
  mdash: "—",
  hellip: "…",
  copy: "©",
  reg: "®",
  trade: "™",
  euro: "€",
  pound: "£",
  laquo: "«",
  raquo: "»",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  bull: "•",
  middot: "·",
  rarr: "→",
  colon: ":",
  tab: "\t",
  newline: "\n",
  auml: "ä",
  ouml: "ö",
  uuml: "ü",
  szlig: "ß",
};

/** Character references as text; unknown ones stay. Browsers read numeric ones also without the semicolon. */
export function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{2,8})(?=;));?/g,
    (all, decimal, hex, name) => {
      if (name) return NAMED[(name as string).toLowerCase()] ?? all;
      const code = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
      return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
        ? String.fromCodePoint(code)
        : "";
    },
  );
}

/** Text as part of HTML, also inside quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[char] as string,
  );
}
