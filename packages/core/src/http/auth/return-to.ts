import { InvalidParameter } from "../errors.js";
import type { SignInSettings } from "./options.js";

const MAX_RETURN_TO = 1000;

/**
 * Where to go after signing in or out: a path of this app, or a page of a listed origin. Anything else would make of the app's
 * good name a way to any other site.
 *
 * @throws invalid-parameter
 */
export function checkReturnTo(text: string, { publicUrl, origins }: SignInSettings): string {
  const refuse = () =>
    InvalidParameter({
      parameter: "returnTo",
      reason: `is a path of this app such as "/home", or a page of one of "signIn.origins"`,
    });
  // Browsers drop tabs and line ends from URLs, and take "\" for "/".
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (text.length > MAX_RETURN_TO || /[\u0000-\u0020\u007f\\]/.test(text)) throw refuse();
  if (text.startsWith("//") || !URL.canParse(text, publicUrl)) throw refuse();
  const url = new URL(text, publicUrl);
  const own = url.origin === new URL(publicUrl).origin;
  // `blob:` has the origin of what it names.
  if (!/^https?:$/.test(url.protocol)) throw refuse();
  if ((!own && !origins.includes(url.origin)) || url.username !== "" || url.password !== "") throw refuse();
  return url.href;
}
