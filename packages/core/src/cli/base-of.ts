/** The address of an API: without what comes behind the path, and without a slash at its end. */
export function baseOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, pathname, username } = new URL(text);
  if (!/^https?:$/.test(protocol) || username !== "") return undefined;
  return origin + pathname.replace(/\/+$/, "");
}
