const MAX_HTML = 1_000_000;

/** Tags that begin a line of their own. */
const BLOCKS = new Set(
  "address article aside blockquote br dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tr ul".split(
    " ",
  ),
);
/** Elements whose content is not for reading. */
const HIDDEN = new Set(["head", "script", "style", "title", "template"]);
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  apos: "'",
  copy: "©",
  euro: "€",
  gt: ">",
  hellip: "…",
  laquo: "«",
  ldquo: "“",
  lsquo: "‘",
  lt: "<",
  mdash: "—",
  middot: "·",
  nbsp: " ",
  ndash: "–",
  quot: '"',
  raquo: "»",
  rdquo: "”",
  reg: "®",
  rsquo: "’",
  trade: "™",
  ...latin("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"),
};

/** The names of the Latin-1 letters in the order of their codes, without × and ÷. */
function latin(letters: string): Record<string, string> {
  const names =
    "Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml oslash ugrave uacute ucirc uuml yacute thorn yuml".split(
      " ",
    );
  return Object.fromEntries(names.map((name, i) => [name, letters[i] as string]));
}

/**
 * The text of an HTML mail, quotations marked with `> ` as plain mail does. One pass, in time that grows with the
 * length alone, whatever the HTML: it is a stranger's.
 */
export function htmlToText(html: string): string {
  const out = new Lines();
  let hiddenUntil: string | null = null;
  const end = Math.min(html.length, MAX_HTML);
  let at = 0;
  while (at < end) {
    const open = html.indexOf("<", at);
    const textEnd = open < 0 || open > end ? end : open;
    if (hiddenUntil === null) out.add(html.slice(at, textEnd));
    if (textEnd === end) break;
    if (html.startsWith("<!--", open)) {
      const close = html.indexOf("-->", open);
      if (close < 0) break;
      at = close + 3;
      continue;
    }
    const close = html.indexOf(">", open);
    if (close < 0) break;
    at = close + 1;
    const [, slash, name] =
      /^<(\/?)([a-z][a-z0-9]*)/i.exec(html.slice(open, Math.min(close, open + 20))) ?? [];
    const tag = name?.toLowerCase() ?? "";
    if (hiddenUntil !== null) {
      if (slash && tag === hiddenUntil) hiddenUntil = null;
    } else if (HIDDEN.has(tag)) {
      if (!slash) hiddenUntil = tag;
    } else if (BLOCKS.has(tag)) {
      out.block(tag, slash === "/");
    } else if (tag === "td" || tag === "th") {
      out.add(" ");
    }
  }
  return out.text();
}

class Lines {
  readonly #lines: string[] = [];
  #line = "";
  #depth = 0;

  add(text: string): void {
    this.#line += text.replace(/\s+/g, " ");
  }

  block(tag: string, closing: boolean): void {
    if (this.#line.trim() || (tag === "br" && !closing)) this.#end();
    // A paragraph is set off from the next.
    if (closing && (tag === "p" || /^h\d$/.test(tag))) this.#blank();
    if (tag === "blockquote") this.#depth = Math.min(20, Math.max(0, this.#depth + (closing ? -1 : 1)));
  }

  text(): string {
    this.#end();
    return this.#lines.join("\n").trim();
  }

  #end(): void {
    const content = decodeEntities(this.#line)
      .replace(/[ \u00a0]+/g, " ")
      .trim();
    this.#line = "";
    if (content) this.#lines.push("> ".repeat(this.#depth) + content);
    else this.#blank();
  }

  #blank(): void {
    if (this.#lines.length > 0 && this.#lines.at(-1) !== "") this.#lines.push("");
  }
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));?/gi, (whole, decimal, hex, name) => {
    if (name) return ENTITIES[name] ?? whole;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    const usable = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    return usable ? String.fromCodePoint(code) : "";
  });
}
