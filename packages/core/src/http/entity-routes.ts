import type { Repository } from "../context/repository.js";
import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import type { RawAggregate } from "../repository/aggregate.js";
import type { EntityRepository } from "../repository/entity-repository.js";
import { DEFAULT_LIMIT, type RawQuery, type Texts } from "../repository/read.js";
import { checkVersion } from "../repository/write/update.js";
import type { HttpMethod } from "../routes/define-route.js";
import type { Session } from "../runtime/session.js";
import { checker } from "../schema/checker.js";
import { type Awaitable, andThen } from "../util/awaitable.js";
import { type BatchResult, runBatch } from "./batch.js";
import { type BatchOperation, readBatch } from "./batch-body.js";
import { batchResult } from "./batch-result.js";
import { JSON_TYPE, MERGE_PATCH_TYPE, readObject } from "./body.js";
import { type Conditions, ifMatch, ifNoneMatch } from "./conditional.js";
import { InvalidBody } from "./errors.js";
import { JsonText } from "./json-text.js";
import { isPlainObject, mergePatch } from "./merge-patch.js";
import { entityOperations, type OperationName } from "./openapi/entity-operations.js";
import { aggregateBody, queryBody } from "./openapi/query-schemas.js";
import type { HttpSettings } from "./options.js";
import { booleanOf, listOf, readParameters } from "./parameters.js";
import { limitOf, parseListQuery } from "./parse-list-query.js";
import { checkFilter, type EntityModels, namesOf, relationOf, toRawQuery } from "./public-query.js";
import { type Answer, describedLater, type HttpCall, type HttpRoute } from "./route.js";

/** The right that each route asks for. A batch asks for those of its operations. */
const RIGHTS: Readonly<Record<OperationName, string>> = {
  find: "read",
  query: "read",
  aggregate: "read",
  get: "read",
  create: "create",
  update: "update",
  batch: "create,update,delete",
  delete: "delete,purge",
  restore: "delete",
  timeline: "read",
};

/** Reading, writing and measuring the records of one entity. */
export function entityRoutes(
  model: EntityModel,
  entities: EntityModels,
  settings: HttpSettings,
): HttpRoute[] {
  const { maxBody, etags } = settings;
  const derived = model.derived.map(({ name }) => name);
  const etag = (row: RecordValues) => ({ etag: etags.of(model.name, row, derived) });
  let operations: ReturnType<typeof entityOperations> | undefined;
  const operationOf = (name: OperationName) => {
    operations ??= entityOperations(model, entities);
    return operations[name];
  };
  const base = `/api/${model.path}`;
  const route = (
    method: HttpMethod,
    path: string,
    name: OperationName,
    /** `entity` is the caller's view. */
    handle: (call: HttpCall, repository: Records, entity: EntityModel) => Awaitable<Answer>,
  ): HttpRoute =>
    describedLater(
      {
        owner: model.owner,
        method,
        path: `${base}${path}`,
        access: "authenticated",
        once: "inside",
        policy: `${model.name}:${RIGHTS[name]}`,
        handle: (call) =>
          handle(call, call.session.repoOf(model.name) as Records, call.session.entity(model.name)),
      },
      () => operationOf(name),
    );

  return [
    route("GET", "", "find", (call, repository, entity) => {
      const { count, ...query } = parseListQuery(entity, call.query, call.session);
      return page(repository, toRawQuery(entity, query, call.session), count);
    }),
    route("POST", "", "create", async (call, repository) => {
      readParameters(call.query, []);
      const row = await repository.create(await readObject(call.request, [JSON_TYPE], maxBody));
      const location = `${call.path}/${row["id"] as string}`;
      return { status: 201, body: row, headers: { location, ...etag(row) } };
    }),
    route("POST", "/query", "query", async (call, repository, entity) => {
      readParameters(call.query, []);
      const body = await readShaped(call, checkQuery, maxBody);
      const { filter, where = filter, sort, include, fields, count = false, ...rest } = body;
      if (filter !== undefined && where !== filter)
        throw InvalidBody({ reason: `"filter" and "where" are the same: give one of the two.` });
      const query = toRawQuery(
        entity,
        {
          ...rest,
          filter: where,
          sort: namesOf("sort", sort),
          include: namesOf("include", include),
          fields: namesOf("fields", fields),
        },
        call.session,
      );
      return page(repository, query, count === true);
    }),
    route("POST", "/aggregate", "aggregate", async (call, repository, entity) => {
      readParameters(call.query, []);
      const body = await readShaped(call, checkAggregate, maxBody);
      checkFilter(entity, body["where"], call.session);
      for (const measure of Object.values(body["measures"] as Record<string, unknown>))
        if (isPlainObject(measure)) checkFilter(entity, measure["where"], call.session);
      return { status: 200, body: { data: await repository.aggregate(body as RawAggregate as never) } };
    }),
    route("POST", "/batch", "batch", async (call, _, entity) => {
      readParameters(call.query, []);
      const batch = readBatch(await readObject(call.request, [JSON_TYPE], maxBody), settings.requireIfMatch);
      const { operations } = batch;
      const results = await runBatch(call.session, entity, batch);
      const answer = (result: BatchResult, i: number) =>
        batchResult(operations[i] as BatchOperation, result, call.requestId, (row) =>
          etags.of(entity.name, row, derived),
        );
      return { status: 200, body: { results: results.map(answer) } };
    }),
    route("GET", "/{id}", "get", (call, repository, entity) => {
      const parameters = readParameters(call.query, ["include", "asOf"]);
      const include = listOf(parameters.get("include"));
      const asOf = parameters.get("asOf");
      for (const name of include ?? []) relationOf(entity, name, call.session);
      const options = {
        ...(include ? { include: include as never[] } : {}),
        ...(asOf === undefined ? {} : { asOf }),
      };
      return andThen<RecordValues, Answer>(atOnce(repository).getNow(idOf(call), options), (row) => {
        // Of a past state, what its erasure changes is not told by its version.
        if (asOf !== undefined) return { status: 200, body: row };
        const headers = etag(row);
        // An included record may have changed while this one has not.
        if (!include && ifNoneMatch(call.request.headers, etags, model, row)) return { status: 304, headers };
        return { status: 200, body: row, headers };
      });
    }),
    route("GET", "/{id}/timeline", "timeline", async (call, repository) => {
      const parameters = readParameters(call.query, ["limit", "after"]);
      const limit = limitOf(parameters.get("limit")) ?? DEFAULT_LIMIT;
      const page = { limit, after: parameters.get("after") ?? null };
      const { items, next } = await repository.timeline(idOf(call), page);
      return { status: 200, body: { data: items, page: { next, limit } } };
    }),
    route("PATCH", "/{id}", "update", async (call, repository, entity) => {
      readParameters(call.query, []);
      const patch = await readObject(call.request, [MERGE_PATCH_TYPE, JSON_TYPE], maxBody);
      const row = await update(call, entity, repository, patch, settings);
      return { status: 200, body: row, headers: etag(row) };
    }),
    route("DELETE", "/{id}", "delete", async (call, repository, entity) => {
      const purge = booleanOf("purge", readParameters(call.query, ["purge"]).get("purge"));
      if (purge) await atVersion(call, entity, settings, (tx) => tx.purge(idOf(call)));
      else await repository.delete(idOf(call), await expectedVersion(call, entity, repository, settings));
      return { status: 204 };
    }),
    route("POST", "/{id}/restore", "restore", async (call, _, entity) => {
      readParameters(call.query, []);
      const row = await atVersion(call, entity, settings, (tx) => tx.restore(idOf(call)));
      return { status: 200, body: row, headers: etag(row) };
    }),
  ];
}

type Records = Repository<RecordValues, RecordValues>;

const idOf = (call: HttpCall): string => call.params["id"] as string;

/** What the class has beyond the public repository. */
const atOnce = (repository: Records) => repository as unknown as EntityRepository;

function page(repository: Records, query: RawQuery, count: boolean): Awaitable<Answer> {
  return andThen<Texts, Answer>(atOnce(repository).findTexts(query), (found) => {
    if (!count) return pageAnswer(found, query);
    const { where, search, asOf } = query;
    const total = repository.count(where as never, { search: search as never, asOf: asOf as never });
    return total.then((counted) => pageAnswer(found, query, { total: counted }));
  });
}

function pageAnswer({ texts, next }: Texts, { limit = DEFAULT_LIMIT }: RawQuery, total = {}): Answer {
  const end = JSON.stringify({ next, limit, ...total });
  return { status: 200, body: new JsonText(`{"data":[${texts.join(",")}],"page":${end}}`) };
}

/** The version that `If-Match` asks for; of several the one that the record has. @throws if-match-required */
export async function expectedVersion(
  call: HttpCall,
  entity: EntityModel,
  repository: Pick<Records, "get">,
  conditions: Conditions,
): Promise<{ readonly version?: number }> {
  const versions = ifMatch(call.request.headers, conditions, entity.name, idOf(call));
  if (versions === undefined) return {};
  if (versions.length === 1) return { version: versions[0] as number };
  const current = (await repository.get(idOf(call)))["version"] as number;
  return { version: versions.includes(current) ? current : (versions[0] as number) };
}

/** For operations that take no version themselves: compares it first, with the record locked. */
async function atVersion<T>(
  call: HttpCall,
  entity: EntityModel,
  conditions: Conditions,
  work: (repository: Records) => Promise<T>,
): Promise<T> {
  const inside = (session: Session) => work(session.repoOf(entity.name) as Records);
  if (ifMatch(call.request.headers, conditions, entity.name, idOf(call)) === undefined)
    return inside(call.session);
  return call.session.atomically(async (tx) => {
    const records = tx.repoOf(entity.name) as Records;
    const read = (id: string) => records.get(id, { withDeleted: true, lock: true });
    const { version } = await expectedVersion(call, entity, { get: read as Records["get"] }, conditions);
    checkVersion(entity, await read(idOf(call)), version);
    return inside(tx);
  });
}

/** A merge patch reaches into money and JSON values, so these are merged with what is there. */
async function update(
  call: HttpCall,
  entity: EntityModel,
  repository: Records,
  patch: Record<string, unknown>,
  conditions: Conditions,
): Promise<RecordValues> {
  const nested = Object.keys(patch).filter((name) => entity.fields.has(name) && isPlainObject(patch[name]));
  const id = idOf(call);
  if (nested.length === 0)
    return repository.update(id, patch, await expectedVersion(call, entity, repository, conditions));
  return call.session.atomically(async (tx) => {
    const records = tx.repoOf(entity.name) as Records;
    const before = await records.get(id, { lock: true });
    checkVersion(entity, before, (await expectedVersion(call, entity, records, conditions)).version);
    const merged = { ...patch };
    for (const name of nested) merged[name] = mergePatch(before[name], patch[name]);
    return records.update(id, merged, { version: before["version"] as number });
  });
}

const checkQuery = checker(queryBody);
const checkAggregate = checker(aggregateBody);

/** A body whose shape is wrong is a request that is wrong: 400, as for a URL. */
async function readShaped(
  call: HttpCall,
  shape: typeof checkQuery,
  maxBody: number,
): Promise<Record<string, unknown>> {
  const body = await readObject(call.request, [JSON_TYPE], maxBody);
  if (shape.Check(body)) return body;
  const [, errors] = shape.Errors(body);
  throw InvalidBody({
    reason: errors
      .slice(0, 5)
      .map((error) => `${error.instancePath || "/"} ${error.message}`)
      .join("; "),
  });
}
