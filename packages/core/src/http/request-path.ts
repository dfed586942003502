import { InvalidUrl, RouteNotFound } from "./errors.js";
import { segmentsOf } from "./route-tree.js";

/**
 * The decoded segments of a URL's path, without the first `skipped` of them. No id, name or key holds a NUL or a slash:
 * refused for every route at once.
 *
 * @throws invalid-url, route-not-found
 */
export function pathOf(url: string, method: string, skipped: number): readonly string[] {
  const path = url.slice(pathStart(url), pathEnd(url));
  return decoded(url, method, path).slice(skipped);
}

const pathStart = (url: string): number => url.indexOf("/", url.indexOf("//") + 2);

function pathEnd(url: string): number {
  const query = url.indexOf("?");
  const end = query < 0 ? url.length : query;
  const fragment = url.indexOf("#");
  return fragment < 0 || fragment > end ? end : fragment;
}

function decoded(url: string, method: string, path: string): string[] {
  if (!url.includes("%")) return segmentsOf(path);
  if (url.includes("%00")) throw InvalidUrl({ reason: "The URL holds a NUL character." });
  if (/%2f|%5c/i.test(path)) throw RouteNotFound({ method, path });
  try {
    return segmentsOf(path).map(decodeURIComponent);
  } catch (cause) {
    throw InvalidUrl({ reason: `The path of the URL has a "%" that encodes no UTF-8 text.` }, { cause });
  }
}
