/** CSS properties that SVG also knows as attributes. */
const ATTRIBUTES = new Set([
  "font-size",
  "font-family",
  "font-weight",
  "font-style",
  "fill",
  "stroke",
  "opacity",
]);

/**
 * A drawing of the library as a picture that stands still: without its style sheet and notes for its own scripts, its
 * inline styles as attributes. A page can then forbid every style but its own.
 */
export function staticSvg(svg: string): string {
  return svg
    .replace(/<style ?>[\s\S]*?<\/style>\s*/g, "")
    .replace(/ (?:class|ecmeta_\w+|pointer-events|baseProfile|version|xmlns:xlink)="[^"]*"/g, "")
    .replace(/ style="([^"]*)"/g, (_, style: string) => attributesOf(style));
}

function attributesOf(style: string): string {
  return style
    .split(";")
    .map((declaration) => {
      const colon = declaration.indexOf(":");
      const [name, value] = [declaration.slice(0, colon).trim(), declaration.slice(colon + 1).trim()];
      return ATTRIBUTES.has(name) ? ` ${name}="${value}"` : "";
    })
    .join("");
}
