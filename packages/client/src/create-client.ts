import { createDirectory } from "./directory.js";
import { entityClient, kebabCase, named, post } from "./entity-client.js";
import { createImports } from "./files.js";
import { type ChangesOptions, changes } from "./live/changes.js";
import { type CallOptions, type ClientOptions, checkOptions, type PostOptions } from "./options.js";
import { createSender } from "./send/sender.js";
import type { AnyApp, Client } from "./surface.js";

/**
 * A client of an app's HTTP API with the types of the app: of its composed `crm`, by `import type`, or generated from
 * its OpenAPI document.
 *
 * @throws invalid-client-options
 * @example
 * import type { crm } from "../server/crm.js";
 * const client = createClient<typeof crm>({ url: "https://crm.example.com", key });
 * const page = await client.contact.find({ where: { lastName: "Lovelace" } });
 */
export function createClient<C extends AnyApp>(options: ClientOptions): Client<C> {
  checkOptions(options);
  const sender = createSender(options);
  const directory = createDirectory(sender, options.paths);
  const entities = named({}, (name) => entityClient(name, sender, directory));
  const base = {
    entities,
    async run(action: string, input: unknown = {}, call: PostOptions = {}) {
      const dot = action.lastIndexOf(".");
      const path = `/api/actions/${action.slice(0, dot)}.${kebabCase(action.slice(dot + 1))}`;
      return (await sender.send(post(path, input, sender, call), call)).body;
    },
    imports: createImports(sender),
    changes: (call: ChangesOptions = {}) => changes(sender, call),
    paths: (call: CallOptions = {}) => directory.paths(call),
  };
  return named(base, (name) => (entities as Record<string, unknown>)[name]) as unknown as Client<C>;
}
