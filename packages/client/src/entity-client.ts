import type { Directory } from "./directory.js";
import { clientErrors } from "./errors.js";
import { createTags } from "./etags.js";
import {
  type ExportOptions,
  type FileBody,
  type ImportJob,
  type ImportOptions,
  openExport,
  sendFile,
} from "./files.js";
import { type BatchOptions, batchResults } from "./many.js";
import type { CallOptions, ChangeOptions, PostOptions } from "./options.js";
import type { Answer } from "./send/answer.js";
import type { Outgoing, Sender } from "./send/sender.js";
import type { PageQuery } from "./surface.js";

type Values = Record<string, unknown>;

interface Query extends Values {
  readonly where?: unknown;
  readonly select?: unknown;
  readonly orderBy?: unknown;
}

interface RowChange {
  readonly id: string;
  readonly patch: Values;
  readonly version?: number;
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
  const tags = createTags();
  const at = async (options: CallOptions, rest = "") => (await directory.pathOf(entity, options)) + rest;
  const ofRecord = (id: string, options: CallOptions, rest = "") => at(options, `/${segment(id)}${rest}`);
  const read = async (path: string, json: unknown, options: CallOptions): Promise<Answer> =>
    sender.send({ method: "POST", path: await at(options, path), json, repeat: "safe" }, options);

  const methods = {
    async create(input: Values, options: PostOptions = {}) {
      return recordOf(await sender.send(post(await at(options), input, sender, options), options));
    },
    async get(
      id: string,
      options: CallOptions & { readonly include?: readonly string[]; readonly asOf?: string } = {},
    ) {
      const { include = [], asOf } = options;
      const parts = [
        ...(include.length > 0 ? [`include=${include.map(encodeURIComponent).join(",")}`] : []),
        ...(asOf === undefined ? [] : [`asOf=${encodeURIComponent(asOf)}`]),
      ];
      const query = parts.length > 0 ? `?${parts.join("&")}` : "";
      const path = await ofRecord(id, options, query);
      return recordOf(await sender.send({ method: "GET", path, repeat: "safe" }, options));
    },
    async find(query: Query = {}, options: CallOptions = {}): Promise<Items> {
      return pageOf(await read("/query", toBody(query), options));
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
    async count(
      where?: unknown,
      options: CallOptions & { readonly search?: string; readonly asOf?: string } = {},
    ) {
      const { search, asOf } = options;
      const query = { where, search, asOf, fields: ["id"], limit: 1, count: true };
      const { body } = await read("/query", query, options);
      return (body as { page: { total: number } }).page.total;
    },
    async aggregate(query: Values, options: CallOptions = {}) {
      return ((await read("/aggregate", query, options)).body as { data: Values[] }).data;
    },
    async update(id: string, patch: Values, options: ChangeOptions = {}) {
      const headers = { "content-type": "application/merge-patch+json" };
      return recordOf(await change("PATCH", id, "", patch, options, headers));
    },
    async delete(id: string, options: ChangeOptions = {}): Promise<void> {
      await change("DELETE", id, "", undefined, options);
    },
    async purge(id: string, options: ChangeOptions = {}): Promise<void> {
      await change("DELETE", id, "?purge=true", undefined, options);
    },
    async batch(operations: readonly unknown[], options: BatchOptions = {}) {
      const { atomic = true } = options;
      const outgoing = post(await at(options, "/batch"), { atomic, operations }, sender, options);
      return batchResults(await sender.send(outgoing, options), tags.keep);
    },
    async createMany(inputs: readonly Values[], options: PostOptions = {}) {
      return many(
        inputs.map((data) => ({ op: "create", data })),
        options,
      );
    },
    async updateMany(changes: readonly RowChange[], options: PostOptions = {}) {
      return many(
        changes.map(({ patch: data, ...change }) => ({ op: "update", ...change, data })),
        options,
      );
    },
    async deleteMany(ids: readonly string[], options: PostOptions = {}): Promise<void> {
      await many(
        ids.map((id) => ({ op: "delete", id })),
        options,
      );
    },
    async export(query: Query = {}, options: ExportOptions = {}) {
      return openExport(await at(options), query, options, sender);
    },
    async import(file: FileBody, options: ImportOptions = {}) {
      return (await sendFile(await at(options, "/import"), file, options, sender)).body as ImportJob;
    },
    history: pagesOf("history"),
    streamHistory: walk(pagesOf("history")),
    async provenance(id: string, options: CallOptions = {}) {
      const path = await ofRecord(id, options, "/provenance");
      return (await sender.send({ method: "GET", path, repeat: "safe" }, options)).body;
    },
    timeline: pagesOf("timeline"),
    streamTimeline: walk(pagesOf("timeline")),
    async restore(id: string, options: PostOptions = {}) {
      return recordOf(await act(id, "restore", undefined, options));
    },
  };

  /** What is told of one record, in pages. */
  function pagesOf(what: "history" | "timeline") {
    return async (
      id: string,
      { limit, after }: PageQuery = {},
      options: CallOptions = {},
    ): Promise<Items> => {
      const query = new URLSearchParams();
      if (limit !== undefined) query.set("limit", String(limit));
      if (after) query.set("after", after);
      const path = await ofRecord(id, options, `/${what}?${query}`);
      return pageOf(await sender.send({ method: "GET", path, repeat: "safe" }, options));
    };
  }

  /** All or none. */
  async function many(operations: readonly unknown[], options: PostOptions) {
    if (operations.length === 0) return [];
    return (await methods.batch(operations, { ...options, atomic: true })).map(({ data }) => data);
  }

  /** The `If-Match` for a version: tags are the server's secret, so an unknown one is read, with the record. */
  async function conditionOf(id: string, options: ChangeOptions): Promise<Record<string, string>> {
    const { version } = options;
    if (version === undefined) return {};
    let tag = tags.of(id, version);
    if (tag === undefined) {
      const { version: current } = await methods.get(id, { ...options });
      if (current !== version) throw clientErrors.versionConflict(entity, id, version, current);
      tag = tags.of(id, version);
    }
    return tag === undefined ? {} : { "if-match": tag };
  }

  function recordOf(answer: Answer): Values {
    const { status, headers, body } = answer;
    if (typeof body !== "object" || body === null)
      throw clientErrors.unexpectedAnswer(status, "The answer has no record.");
    const record = body as Values;
    tags.keep(record, headers.get("etag"));
    return record;
  }

  async function change(
    method: "PATCH" | "DELETE",
    id: string,
    rest: string,
    json: unknown,
    options: ChangeOptions,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const condition = await conditionOf(id, options);
    const repeat = options.version === undefined ? "once" : "conditional";
    const path = await ofRecord(id, options, rest);
    return sender.send({ method, path, json, repeat, headers: { ...headers, ...condition } }, options);
  }

  async function act(id: string, verb: string, input: unknown, options: Changing) {
    const outgoing = post(await ofRecord(id, options, `/${verb}`), input, sender, options);
    const headers = { ...outgoing.headers, ...(await conditionOf(id, options)) };
    return sender.send({ ...outgoing, headers }, options);
  }

  /** An action on a record is given its id first; one on the collection begins with its input. */
  const action =
    (name: string) =>
    async (...given: unknown[]) => {
      if (typeof given[0] === "string")
        return (await act(given[0], kebabCase(name), given[1] ?? {}, (given[2] ?? {}) as Changing)).body;
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

/** What the pages hold, one after the other: the next page is asked for when it is needed. */
function walk(page: (id: string, query: PageQuery, options?: CallOptions) => Promise<Items>) {
  return async function* (id: string, query: PageQuery = {}, options: CallOptions = {}) {
    let { after } = query;
    do {
      const { items, next } = await page(id, { limit: 500, ...query, after: after ?? null }, options);
      yield* items;
      after = next;
    } while (after !== null);
  };
}

/** The query under the names that HTTP uses. */
function toBody({ where, select, orderBy, ...rest }: Query): Values {
  return { where, fields: select, sort: orderBy, ...rest };
}

function pageOf({ body }: Answer): Items {
  const { data, page } = body as { data: Values[]; page: { next: string | null } };
  return { items: data, next: page.next };
}

/** An id as one segment of a path, which "." and ".." would not be. */
function segment(id: string): string {
  if (!/^[\w-]+$/.test(id)) throw clientErrors.invalidId(id);
  return id;
}
