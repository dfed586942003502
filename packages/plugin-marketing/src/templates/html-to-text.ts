import { decodeEntities, htmlTokens, withoutComments } from "@corm/core";

const SKIPPED = new Set(["style", "script", "title", "head"]);
const BLOCKS = new Set(
  "p div section article header footer h1 h2 h3 h4 h5 h6 ul ol table tr blockquote pre hr address main".split(
    " ",
  ),
);

/** The text part of a message that has none of its own: blocks as paragraphs, links with their address behind. */
export function htmlToText(html: string): string {
  const out: string[] = [];
  const links: { readonly href: string; readonly from: number }[] = [];
  let skipping: string | undefined;
  // Comments hold nothing that a text reader should see.
  for (const token of htmlTokens(withoutComments(html))) {
    if (token.kind === "text") {
      if (!skipping) out.push(decodeEntities(token.text).replace(/\s+/g, " "));
      continue;
    }
    const { name, closing } = token;
    if (skipping) {
      if (closing && name === skipping) skipping = undefined;
    } else if (SKIPPED.has(name) && !closing) {
      skipping = name;
    } else if (name === "br") {
      out.push("\n");
    } else if (name === "li") {
      out.push(closing ? "" : "\n- ");
    } else if (name === "td" || name === "th") {
      out.push(" ");
    } else if (name === "img" && !closing) {
      out.push(decodeEntities(token.attributes.find((a) => a.name === "alt")?.value ?? ""));
    } else if (name === "a" && !closing) {
      const href = decodeEntities(token.attributes.find((a) => a.name === "href")?.value ?? "").trim();
      links.push({ href, from: out.length });
    } else if (name === "a") {
      const link = links.pop();
      const label = link ? out.slice(link.from).join("").trim() : "";
      if (link?.href && !link.href.startsWith("#") && !sameAddress(label, link.href))
        out.push(` (${link.href})`);
    } else if (BLOCKS.has(name)) {
      out.push("\n\n");
    }
  }
  return out
    .join("")
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

const bare = (address: string): string =>
  address.replace(/^(?:https?:\/\/|mailto:|tel:)/, "").replace(/\/$/, "");
const sameAddress = (label: string, href: string): boolean => bare(label) === bare(href);
