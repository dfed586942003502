/** Characters that end lines, turn the direction of text, or cannot be seen. */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to be kept out
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

const code = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Text as a string of TypeScript, or a name of a property: whatever it holds, it ends where the quotes say. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(UNSEEN, code);
}

/**
 * Text as a doc comment that stands in front of what it is about; nothing where there is no text.
 *
 * @returns lines without their indentation
 */
export function docComment(text: unknown): string[] {
  if (typeof text !== "string") return [];
  const lines = text
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((line) => line.replace(UNSEEN, " ").replaceAll("*/", "*\\/").trim())
    .filter((line) => line !== "");
  if (lines.length <= 1) return lines.map((line) => `/** ${line} */`);
  return ["/**", ...lines.map((line) => ` * ${line}`), " */"];
}

/** Names of interfaces, each given out once. */
export function typeNames(taken: readonly string[]): (wish: string) => string {
  const given = new Set(taken);
  return (wish) => {
    const plain = wish.replace(/[^A-Za-z0-9_]/g, "_");
    const base = /^[A-Z]/.test(plain) ? plain : `T${plain}`;
    let name = base;
    for (let n = 2; given.has(name); n++) name = `${base}_${n}`;
    given.add(name);
    return name;
  };
}
