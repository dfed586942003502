import { decodeEntities, type HtmlAttribute, htmlTokens } from "./html-tokens.js";

/** Elements that run or load something, or change what links mean. */
const REFUSED = new Set([
  ..."script iframe frame frameset object embed applet base form".split(" "),
  ..."input button select textarea svg math".split(" "),
]);
const URL_ATTRIBUTES = new Set([
  ..."href src action formaction background poster cite data longdesc srcset ping".split(" "),
  "xlink:href",
]);
const SCHEMES = new Set(["http", "https", "mailto", "tel", "sms", "cid"]);
/** Stands for a variable while a template is cut. */
const PLACE = "\u0001";
const LIQUID = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g;

/**
 * What is dangerous in the HTML of a message, in words; empty where nothing is.
 *
 * In a `template`, a place for data outside of text and quoted attributes is dangerous as well: there, no escaping
 * keeps data from becoming markup. What data do to a link shows in the `message` only.
 */
export function htmlProblems(html: string, stage: "template" | "message"): string[] {
  const problems = new Set<string>();
  // Liquid may hold ">" and quotes: a stand-in keeps the cutting right.
  const source =
    stage === "message" ? html : html.replace(LIQUID, (found) => (found.startsWith("{{") ? PLACE : " "));
  if (source.includes(`<${PLACE}`) || source.includes(`</${PLACE}`)) {
    problems.add("a tag's name must not come from a variable");
  }
  for (const token of htmlTokens(source)) {
    if (token.kind === "text") continue;
    if (token.name.includes(PLACE)) problems.add("a tag's name must not come from a variable");
    if (token.closing) continue;
    if (REFUSED.has(token.name)) problems.add(`<${token.name}> does not belong into mail`);
    if (token.name === "meta" && token.attributes.some((a) => a.name === "http-equiv")) {
      problems.add("<meta http-equiv> does not belong into mail");
    }
    for (const attribute of token.attributes) {
      const problem = attributeProblem(token.name, attribute);
      if (problem) problems.add(problem);
    }
  }
  return [...problems];
}

function attributeProblem(tag: string, { name, value, quoted }: HtmlAttribute): string | undefined {
  const at = `${name} of <${tag}>`;
  if (name.includes(PLACE)) return `<${tag}> has a variable where only attributes may be`;
  if (!quoted && value.includes(PLACE)) return `${at} holds a variable: put the value into quotes`;
  if (name.startsWith("on")) return `${at} would run a script`;
  if (name === "srcdoc") return `${at} does not belong into mail`;
  if (name === "style" && /(?:java|vb)script\s*:|expression\s*\(/i.test(decodeEntities(value))) {
    return `${at} would run a script`;
  }
  if (!URL_ATTRIBUTES.has(name)) return undefined;
  const urls = name === "srcset" ? value.split(",") : [value];
  for (const url of urls) {
    const scheme = schemeOf(url);
    if (scheme !== undefined && !SCHEMES.has(scheme))
      return `${at} leads to "${scheme}:", which is not allowed`;
  }
  return undefined;
}

/** The scheme as a browser would see it: entities read, blanks and control characters gone. Undefined: relative. */
function schemeOf(url: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: browsers drop them from URLs, and so hide a scheme.
  const plain = decodeEntities(url).replace(/[\u0000-\u0020\u007f-\u00a0\u00ad\u200b-\u200f\ufeff]/g, "");
  return /^([a-z][a-z0-9+.-]*):/i.exec(plain)?.[1]?.toLowerCase();
}
