import { CormClientError, clientErrors } from "./errors.js";
import type { CallOptions } from "./options.js";
import type { Sender } from "./send/sender.js";

const PREFIX = "/api/";

/** Where entities are, by name: `{ priceBook: "price-books" }`. */
export type Paths = Readonly<Record<string, string>>;

export interface Directory {
  /** `/api/price-books`. @throws unknown-entity */
  pathOf(entity: string, options?: CallOptions): Promise<string>;
  paths(options?: CallOptions): Promise<Paths>;
}

/**
 * The paths of the entities: given, or asked of the server by the first call that needs one. Plurals are the server's
 * to choose, and types say nothing at run time.
 */
export function createDirectory(sender: Sender, given: Paths | undefined): Directory {
  let known: Promise<Paths> | undefined = given && Promise.resolve(given);
  const paths = (options: CallOptions = {}): Promise<Paths> => {
    if (known) return known;
    // Of no call: another one may wait for it when the first gives up.
    const { signal: _, ...rest } = options;
    const asked = readPaths(sender, rest);
    known = asked;
    asked.catch(() => {
      known = undefined;
    });
    return asked;
  };
  return {
    paths,
    async pathOf(entity, options) {
      let found = await paths(options);
      if (!Object.hasOwn(found, entity) && given === undefined) {
        // Perhaps the caller has been allowed more since.
        known = undefined;
        found = await paths(options);
      }
      const path = Object.hasOwn(found, entity) ? found[entity] : undefined;
      if (path === undefined) throw clientErrors.unknownEntity(entity, Object.keys(found));
      return `/api/${path}`;
    },
  };
}

interface Meta {
  readonly entities?: readonly { readonly name: string; readonly path: string }[];
}

async function readPaths(sender: Sender, options: CallOptions): Promise<Paths> {
  try {
    const { body } = await sender.send({ method: "GET", path: "/api/meta", repeat: "safe" }, options);
    const { entities = [] } = body as Meta;
    return Object.fromEntries(entities.map(({ name, path }) => [name, path.slice(PREFIX.length)]));
  } catch (error) {
    if (error instanceof CormClientError && error.code === "route-not-found")
      return readOpenApi(sender, options);
    throw error;
  }
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId?: string }>>>>;
}

async function readOpenApi(sender: Sender, options: CallOptions): Promise<Paths> {
  const { body } = await sender.send({ method: "GET", path: "/openapi.json", repeat: "safe" }, options);
  return pathsIn(body as OpenApi);
}

/** The paths in an OpenAPI document of a Corm API. */
export function pathsIn(document: OpenApi): Paths {
  const found: Record<string, string> = {};
  for (const [path, operations] of Object.entries(document.paths)) {
    const name = /^(\w+)\.find$/.exec(operations["get"]?.operationId ?? "")?.[1];
    if (name !== undefined) found[name] = path.slice(PREFIX.length);
  }
  return found;
}
