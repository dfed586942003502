const MOST = 200;
/** Control characters, and those that turn the direction of a name so that `fdp.exe` looks like `exe.pdf`. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * A name that a file may be saved under anywhere: the last part of a path, without what some system takes for more than a
 * letter. Never empty; beyond 200 characters it is cut, and keeps its ending.
 */
export function safeName(given: string): string {
  const last = given.normalize("NFC").split(/[/\\]/).pop() as string;
  const plain = last
    .replace(HIDDEN, "")
    .replace(/[<>:"|?*]/g, "_")
    .trim()
    .replace(/^\.+|[. ]+$/g, "");
  if (plain === "") return "file";
  if (plain.length <= MOST) return plain;
  const ending = /\.[\p{L}\p{N}]{1,10}$/u.exec(plain)?.[0] ?? "";
  return `${plain.slice(0, MOST - ending.length).replace(/[\uD800-\uDBFF]$/, "")}${ending}`;
}
