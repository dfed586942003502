import {
  type AnyPlugin,
  defineEntity,
  type EntityOptions,
  extendEntity,
  isCormError,
  type MigrationPlan,
  type PluginParts,
  type StorageAdapter,
} from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { createTestCrm, type TestCrm, type TestCrmOptions } from "@corm/core/testing";
import Type from "typebox";
import { afterEach, beforeEach, describe } from "vitest";
import { plugin } from "../composition/refused.js";
import type { DatabaseName } from "../support/apps.js";
import { databases, suiteName, type TestDatabase } from "../support/databases.js";

type Fields = EntityOptions<Record<string, ReturnType<typeof Type.String>>, Record<never, never>>;

/** A plugin with one entity, which the versions of a test declare in their own way. */
export function shop(
  options: Partial<Omit<Fields, "fields">> & { readonly fields: object },
  parts: PluginParts = {},
): AnyPlugin {
  return plugin("shop", { ...parts, entities: { item: defineEntity("item", options as Fields) } });
}

/** A plugin that adds fields to the item. */
export function extras(fields: object, indexes: string[][] = []): AnyPlugin {
  const item = defineEntity("item", { fields: {} });
  const extension = extendEntity(item, {
    fields: fields as Record<string, ReturnType<typeof Type.String>>,
    indexes,
  });
  return plugin("extras", { extends: { item: extension } }, { requires: { shop: "^1.0" } });
}

export const named = { name: Type.String() };

type Options = Partial<Omit<TestCrmOptions<AnyPlugin[]>, "plugins">>;

export interface Started extends TestCrm<AnyPlugin[]> {
  /** Records of the item, untyped: every test declares its own. */
  items: {
    create(input: object): Promise<Record<string, unknown> & { id: string }>;
    find(query?: object): Promise<{ items: Record<string, unknown>[] }>;
    count(): Promise<number>;
  };
}

export interface Shop {
  /** Starts a CRM, lets `work` use it, and stops it. */
  start<T = void>(
    plugins: AnyPlugin[],
    work?: (app: Started) => T | Promise<T>,
    options?: Options,
  ): Promise<T>;
  /** What a start is refused for. */
  refusal(plugins: AnyPlugin[], options?: Options): Promise<readonly string[]>;
  /** Steps that were applied since the database was made. */
  readonly applied: string[];
  readonly url: string;
  /** The adapter alone, for what no CRM does. */
  storage(): StorageAdapter;
}

/** One new database for each test of the suite, on each of the databases. */
export function onFreshDatabases(
  suite: (shop: () => Shop, name: DatabaseName) => void,
  on: readonly DatabaseName[] = ["SQLite in a file", "PostgreSQL", "MariaDB"],
): void {
  for (const server of databases.filter(({ name }) => on.includes(name as DatabaseName))) {
    describe.skipIf(!server.available)(suiteName(server), () => {
      let database: TestDatabase;
      let current: Shop;
      beforeEach(async () => {
        database = await server.create();
        current = openShop(database.url);
      });
      afterEach(() => database.drop());
      suite(() => current, server.name as DatabaseName);
    });
  }
}

function openShop(url: string): Shop {
  const applied: string[] = [];
  let starts = 0;
  const storage = (): StorageAdapter => {
    const made = knexStorage({ url, pool: { min: 0, max: 4 } });
    const apply = made.schema.apply.bind(made.schema);
    const noted: StorageAdapter["schema"]["apply"] = async (steps) => {
      await apply(steps);
      applied.push(...steps.map(describeStep));
    };
    Object.assign(made.schema, { apply: noted });
    return made;
  };
  const start: Shop["start"] = async <T>(
    plugins: AnyPlugin[],
    work?: (app: Started) => T | Promise<T>,
    options?: Options,
  ) => {
    starts += 1;
    const app = await createTestCrm({ plugins, storage: storage(), seed: starts, ...options });
    try {
      const { item: items } = app.me.entities as unknown as Record<"item", Started["items"]>;
      return (await work?.({ ...app, items })) as T;
    } finally {
      await app.crm.stop();
    }
  };
  return {
    url,
    applied,
    storage,
    start,
    async refusal(plugins, options) {
      const error: unknown = await start(plugins, undefined, options).catch((e) => e);
      if (!isCormError(error) || error.code !== "schema-conflicts")
        throw new Error("not refused", { cause: error });
      return error.meta["problems"] as readonly string[];
    },
  };
}

export function describeStep(step: MigrationPlan["steps"][number]): string {
  switch (step.kind) {
    case "createTable":
      return `create ${step.table.name}`;
    case "addColumn":
      return `add ${step.table}.${step.column.name}`;
    case "createIndex":
      return `index ${step.index.name}`;
    case "dropIndex":
      return `drop index ${step.index}`;
    case "dropColumn":
      return `drop ${step.table}.${step.column}`;
    case "secureTable":
      return `secure ${step.table}`;
    case "dropTable":
      return `drop ${step.table}`;
    default:
      return `${step.kind} ${step.table}.${step.column.name}`;
  }
}
