import type { AnyAction } from "../actions/define-action.js";
import type { HistoryPage, HistoryQuery } from "../context/journal.js";
import type { RecordProvenance } from "../context/provenance.js";
import type { TimelineOptions, TimelinePage } from "../context/timeline.js";
import type { EntityModel } from "../model/entity-model.js";
import { project, type RecordValues } from "../model/record-codec.js";
import type { EntityValidator } from "../model/validate.js";
import type { Session } from "../runtime/session.js";
import type { Awaitable } from "../util/awaitable.js";
import { aggregateRecords, type RawAggregate } from "./aggregate.js";
import { readHistory } from "./history.js";
import { momentOf } from "./moment.js";
import { narrowed } from "./narrowed.js";
import { nothingGiven } from "./parse-condition.js";
import { readProvenance } from "./provenance.js";
import {
  findPage,
  findTexts,
  type GetOptions,
  getRecord,
  MAX_LIMIT,
  queryFilter,
  type RawQuery,
  type Texts,
} from "./read.js";
import { findTimeline } from "./timeline.js";
import { listed, single } from "./write/checks.js";
import { createRecords } from "./write/create.js";
import { deleteRecords, purgeRecords, restoreRecord } from "./write/delete.js";
import { type RawChange, updateRecords } from "./write/update.js";
import { upsertRecords } from "./write/upsert.js";

const UPDATE_BATCH = 500;

const changesOf = (records: readonly (string | (Versioned & { readonly id: string }))[]) =>
  records.map((record) => (typeof record === "string" ? { id: record } : record));

interface Versioned {
  readonly version?: number;
}

/** The records of one entity, bound to a session: what `Repository` types. A class, since every request makes one. */
export class EntityRepository {
  readonly #session: Session;
  readonly #entity: EntityModel;
  readonly #validator: EntityValidator;

  constructor(session: Session, entity: EntityModel, validator: EntityValidator) {
    this.#session = session;
    this.#entity = entity;
    this.#validator = validator;
  }

  /** The class for an entity that has actions: they are methods, too. */
  static withActions(actions: readonly AnyAction[]): typeof EntityRepository {
    class WithActions extends EntityRepository {}
    for (const action of actions) {
      const value = action.collection
        ? function (this: EntityRepository, input: unknown) {
            return this.#session.run(action, input ?? {});
          }
        : function (this: EntityRepository, id: string, input: unknown, options: Versioned = {}) {
            return this.#session.run(action, input ?? {}, { id, ...options });
          };
      Object.defineProperty(WithActions.prototype, action.name, { value });
    }
    return WithActions;
  }

  async create(input: unknown): Promise<RecordValues> {
    const [record] = await createRecords(this.#session, this.#entity, this.#validator, [input], single);
    return this.#shown(record as RecordValues);
  }

  async createMany(inputs: readonly unknown[]): Promise<RecordValues[]> {
    return this.#allShown(await createRecords(this.#session, this.#entity, this.#validator, inputs, listed));
  }

  async get(id: string, options?: GetOptions): Promise<RecordValues> {
    return getRecord(this.#session, this.#entity, id, options);
  }

  /** The same, without waiting for what is there already. Not of the public repository. */
  getNow(id: string, options?: GetOptions): Awaitable<RecordValues> {
    return getRecord(this.#session, this.#entity, id, options);
  }

  find(query: RawQuery = {}): Promise<{ items: RecordValues[]; next: string | null }> {
    return findPage(this.#session, this.#entity, query);
  }

  /** For answers that are text: see `findTexts`. Not of the public repository. */
  findTexts(query: RawQuery = {}): Awaitable<Texts> {
    return findTexts(this.#session, this.#entity, query);
  }

  async first(query: RawQuery = {}): Promise<RecordValues | null> {
    const { items } = await this.find({ ...query, limit: 1 });
    return items[0] ?? null;
  }

  async *stream(query: RawQuery = {}): AsyncGenerator<RecordValues> {
    let after = query.after ?? null;
    do {
      const page = await this.find({ limit: MAX_LIMIT, ...query, after });
      yield* page.items;
      after = page.next;
    } while (after !== null);
  }

  async count(
    where?: unknown,
    options: { readonly search?: unknown; readonly asOf?: unknown } = {},
  ): Promise<number> {
    const session = this.#session;
    if (session.runtime.vault) await session.openKeys();
    session.require(this.#entity, "read");
    const moment = momentOf(session, this.#entity, options.asOf);
    const entity = moment ? moment.view(this.#entity) : this.#entity;
    const scope = moment ?? session;
    const rows = await session.operations().aggregate({
      table: entity.table,
      where: narrowed(
        entity,
        scope.visible(entity, false, "scan"),
        queryFilter(scope, entity, { where, search: options.search }),
      ),
      groupBy: [],
      measures: [{ as: "n", fn: "count" }],
      orderBy: [],
      limit: 1,
    });
    return (rows[0]?.["n"] as number | undefined) ?? 0;
  }

  aggregate(query: RawAggregate): Promise<Record<string, unknown>[]> {
    return aggregateRecords(this.#session, this.#entity, query);
  }

  timeline(id: string, page?: TimelineOptions): Promise<TimelinePage> {
    return findTimeline(this.#session, this.#entity, id, page);
  }

  async update(id: string, patch: unknown, options: Versioned = {}): Promise<RecordValues> {
    const changes = [{ id, patch, version: options.version }];
    const [record] = await updateRecords(this.#session, this.#entity, this.#validator, changes, single);
    return this.#shown(record as RecordValues);
  }

  async updateMany(changes: readonly RawChange[]): Promise<RecordValues[]> {
    return this.#allShown(await updateRecords(this.#session, this.#entity, this.#validator, changes, listed));
  }

  async updateWhere(where: unknown, patch: unknown): Promise<number> {
    if (where === undefined) throw nothingGiven(this.#entity.name);
    this.#session.require(this.#entity, "bulk");
    return this.#session.atomically(async (tx) => {
      let changed = 0;
      let after: string | null = null;
      do {
        const query: RawQuery = { where, select: ["id"], limit: UPDATE_BATCH, after };
        const page = await findPage(tx, this.#entity, query);
        const changes = page.items.map((item) => ({ id: item["id"] as string, patch }));
        changed += (await updateRecords(tx, this.#entity, this.#validator, changes, single)).length;
        after = page.next;
      } while (after !== null);
      return changed;
    });
  }

  async upsertMany(inputs: readonly unknown[], on: readonly string[]): Promise<RecordValues[]> {
    return this.#allShown(await upsertRecords(this.#session, this.#entity, this.#validator, inputs, on));
  }

  delete(id: string, options: Versioned = {}): Promise<void> {
    return deleteRecords(this.#session, this.#entity, [{ id, version: options.version }]);
  }

  deleteMany(records: readonly (string | (Versioned & { readonly id: string }))[]): Promise<void> {
    return deleteRecords(this.#session, this.#entity, changesOf(records));
  }

  async restore(id: string): Promise<RecordValues> {
    return this.#shown(await restoreRecord(this.#session, this.#entity, id));
  }

  history(id: string, query?: HistoryQuery): Promise<HistoryPage> {
    return readHistory(this.#session, this.#entity, id, query);
  }

  provenance(id: string): Promise<RecordProvenance> {
    return readProvenance(this.#session, this.#entity, id);
  }

  purge(id: string): Promise<void> {
    return purgeRecords(this.#session, this.#entity, [{ id }]);
  }

  purgeMany(records: readonly (string | (Versioned & { readonly id: string }))[]): Promise<void> {
    return purgeRecords(this.#session, this.#entity, changesOf(records));
  }

  /** Writes work on whole records; callers get what they may see of them. */
  #shown(record: RecordValues): RecordValues {
    return this.#entity.full === this.#entity ? record : project(this.#entity, record);
  }

  #allShown(records: RecordValues[]): RecordValues[] {
    return this.#entity.full === this.#entity ? records : records.map((record) => this.#shown(record));
  }
}
