import type { Repository } from "../context/repository.js";
import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Session } from "../runtime/session.js";
import { and } from "../storage/filter.js";
import { aggregateRecords, type RawAggregate } from "./aggregate.js";
import { visible } from "./parse-where.js";
import { findPage, getRecord, MAX_LIMIT, queryFilter, type RawQuery } from "./read.js";
import { createRecords } from "./write/create.js";
import { deleteRecords, purgeRecord, restoreRecord } from "./write/delete.js";
import { updateRecords } from "./write/update.js";
import { upsertRecords } from "./write/upsert.js";

const UPDATE_BATCH = 500;

/** The records of one entity, bound to a session. */
export function createRepository(
  session: Session,
  entity: EntityModel,
): Repository<RecordValues, RecordValues> {
  const validator = session.runtime.composition.validators.get(entity.name);
  if (!validator) throw new Error(`no validator was compiled for ${entity.name}`);
  const repository = {
    create: async (input: unknown) => (await createRecords(session, entity, validator, [input]))[0],
    createMany: (inputs: readonly unknown[]) => createRecords(session, entity, validator, inputs),
    get: (id: string, options?: object) => getRecord(session, entity, id, options),
    find: (query: RawQuery = {}) => findPage(session, entity, query),
    first: async (query: RawQuery = {}) =>
      (await findPage(session, entity, { ...query, limit: 1 })).items[0] ?? null,
    stream: (query: RawQuery = {}) => streamRecords(session, entity, query),
    async count(where?: unknown, options: { search?: unknown } = {}) {
      const rows = await session.operations().aggregate({
        table: entity.table,
        where: and(visible(session), queryFilter(session, entity, { where, search: options.search })),
        groupBy: [],
        measures: [{ as: "n", fn: "count" }],
        orderBy: [],
        limit: 1,
      });
      return (rows[0]?.["n"] as number | undefined) ?? 0;
    },
    aggregate: (query: RawAggregate) => aggregateRecords(session, entity, query),
    update: async (id: string, patch: unknown, options: { version?: number } = {}) =>
      (await updateRecords(session, entity, validator, [{ id, patch, version: options.version }]))[0],
    updateMany: (changes: readonly { id: string; patch: unknown; version?: number }[]) =>
      updateRecords(session, entity, validator, changes),
    updateWhere: (where: unknown, patch: unknown) =>
      session.atomically(async (tx) => {
        let changed = 0;
        let after: string | null = null;
        do {
          const page: { items: RecordValues[]; next: string | null } = await findPage(tx, entity, {
            where,
            select: ["id"],
            limit: UPDATE_BATCH,
            after,
          });
          const ids = page.items.map((item) => ({ id: item["id"] as string, patch }));
          changed += (await updateRecords(tx, entity, validator, ids)).length;
          after = page.next;
        } while (after !== null);
        return changed;
      }),
    upsertMany: (inputs: readonly unknown[], on: readonly string[]) =>
      upsertRecords(session, entity, validator, inputs, on),
    delete: (id: string, options: { version?: number } = {}) =>
      deleteRecords(session, entity, [{ id, version: options.version }]),
    deleteMany: (ids: readonly string[]) =>
      deleteRecords(
        session,
        entity,
        ids.map((id) => ({ id })),
      ),
    restore: (id: string) => restoreRecord(session, entity, id),
    purge: (id: string) => purgeRecord(session, entity, id),
  };
  return repository as unknown as Repository<RecordValues, RecordValues>;
}

async function* streamRecords(
  session: Session,
  entity: EntityModel,
  query: RawQuery,
): AsyncGenerator<RecordValues> {
  let after = query.after ?? null;
  do {
    const page = await findPage(session, entity, { limit: MAX_LIMIT, ...query, after });
    yield* page.items;
    after = page.next;
  } while (after !== null);
}
