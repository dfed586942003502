import type { Directory } from "./directory.js";
import { clientErrors } from "./errors.js";
import type { CallOptions, ChangeOptions, PostOptions } from "./options.js";
import type { Answer } from "./send/answer.js";
import type { Outgoing, Sender } from "./send/sender.js";

type Values = Record<string, unknown>;

interface Query extends Values {
  readonly where?: unknown;
  readonly select?: unknown;
  readonly orderBy?: unknown;
}

type Changing = ChangeOptions & PostOptions;
type Items = { readonly items: Values[]; readonly next: string | null };

/** `findDuplicates` → `find-duplicates`, as paths write it. */
export function kebabCase(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function post(path: string, json: unknown, sender: Sender, options: PostOptions): Outgoing {
  const key = options.idempotencyKey ?? sender.surroundings.newKey();
  return { method: "POST", path, json, repeat: "keyed", headers: { "idempotency-key": key } };
}

/** The methods of one entity. Whatever else is called on it is an action. */
export function entityClient(entity: string, sender: Sender, directory: Directory): object {
  const at = async (options: CallOptions, rest = "") => (await directory.pathOf(entity, options)) + rest;
  const ofRecord = (id: string, options: CallOptions, rest = "") => at(options, `/${segment(id)}${rest}`);
  const read = async (path: string, json: unknown, options: CallOptions): Promise<Answer> =>
    sender.send({ method: "POST", path: await at(options, path), json, repeat: "safe" }, options);

  const methods = {
    async create(input: Values, options: PostOptions = {}) {
      return bodyOf(await sender.send(post(await at(options), input, sender, options), options));
    },
    async get(id: string, options: CallOptions & { readonly include?: readonly string[] } = {}) {
      const { include = [] } = options;
      const query = include.length > 0 ? `?include=${include.map(encodeURIComponent).join(",")}` : "";
      const path = await ofRecord(id, options, query);
      return bodyOf(await sender.send({ method: "GET", path, repeat: "safe" }, options));
    },
    async find(query: Query = {}, options: CallOptions = {}): Promise<Items> {
      const { body } = await read("/query", toBody(query), options);
      const { data, page } = body as { data: Values[]; page: { next: string | null } };
      return { items: data, next: page.next };
    },
    async first(query: Query = {}, options: CallOptions = {}) {
      return (await methods.find({ ...query, limit: 1 }, options)).items[0] ?? null;
    },
    async *stream(query: Query = {}, options: CallOptions = {}) {
      let after = query["after"];
      do {
        const page: Items = await methods.find({ limit: 500, ...query, after }, options);
        yield* page.items;
        after = page.next;
      } while (after !== null);
    },
    async count(where?: unknown, options: CallOptions & { readonly search?: string } = {}) {
      const { search } = options;
      const { body } = await read(
        "/query",
        { where, search, fields: ["id"], limit: 1, count: true },
        options,
      );
      return (body as { page: { total: number } }).page.total;
    },
    async aggregate(query: Values, options: CallOptions = {}) {
      return ((await read("/aggregate", query, options)).body as { data: Values[] }).data;
    },
    async update(id: string, patch: Values, options: ChangeOptions = {}) {
      const headers = { "content-type": "application/merge-patch+json" };
      return bodyOf(await change("PATCH", id, "", patch, options, headers));
    },
    async delete(id: string, options: ChangeOptions = {}): Promise<void> {
      await change("DELETE", id, "", undefined, options);
    },
    async purge(id: string, options: ChangeOptions = {}): Promise<void> {
      await change("DELETE", id, "?purge=true", undefined, options);
    },
    restore: (id: string, options: Changing = {}) => act(id, "restore", undefined, options),
  };

  async function change(
    method: "PATCH" | "DELETE",
    id: string,
    rest: string,
    json: unknown,
    options: ChangeOptions,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const condition = conditionOf(options);
    const repeat = options.version === undefined ? "once" : "conditional";
    const path = await ofRecord(id, options, rest);
    return sender.send({ method, path, json, repeat, headers: { ...headers, ...condition } }, options);
  }

  async function act(id: string, verb: string, input: unknown, options: Changing) {
    const outgoing = post(await ofRecord(id, options, `/${verb}`), input, sender, options);
    const headers = { ...outgoing.headers, ...conditionOf(options) };
    return (await sender.send({ ...outgoing, headers }, options)).body;
  }

  /** An action on a record is given its id first; one on the collection begins with its input. */
  const action =
    (name: string) =>
    async (...given: unknown[]) => {
      if (typeof given[0] === "string")
        return act(given[0], kebabCase(name), given[1] ?? {}, (given[2] ?? {}) as Changing);
      const options = (given[1] ?? {}) as PostOptions;
      const path = await at(options, `/${kebabCase(name)}`);
      return (await sender.send(post(path, given[0] ?? {}, sender, options), options)).body;
    };

  return named({ ...methods }, action);
}

/** An object that makes its further members by their names. It is no promise, whatever `await` looks for. */
export function named<T>(members: Record<string, unknown>, make: (name: string) => T): object {
  return new Proxy(members, {
    get(target, name) {
      if (typeof name !== "string" || name === "then" || name === "toJSON") return undefined;
      if (!Object.hasOwn(target, name)) target[name] = make(name);
      return target[name];
    },
    has: (target, name) => Object.hasOwn(target, name),
  });
}

/** The query under the names that HTTP uses. */
function toBody({ where, select, orderBy, ...rest }: Query): Values {
  return { where, fields: select, sort: orderBy, ...rest };
}

function conditionOf({ version }: ChangeOptions): Readonly<Record<string, string>> {
  return version === undefined ? {} : { "if-match": `"v${version}"` };
}

function bodyOf({ status, body }: Answer): Values {
  if (typeof body === "object" && body !== null) return body as Values;
  throw clientErrors.unexpectedAnswer(status, "The answer has no record.");
}

/** An id as one segment of a path, which "." and ".." would not be. */
function segment(id: string): string {
  if (!/^[\w-]+$/.test(id)) throw clientErrors.invalidId(id);
  return id;
}
