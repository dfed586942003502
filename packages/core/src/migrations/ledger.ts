import type { Composition } from "../plugin/compose.js";
import type { StorageAdapter } from "../storage/adapter.js";
import { toInstant } from "../util/clock.js";
import { META_TABLE } from "./physical-schema.js";

/**
 * Which plugin put a table or column into the database: `lead` and `lead.score` to `leads`. A second column of a field
 * names the first one as well: `deal.amount_currency` to `sales deal.amount`.
 */
export type Ledger = Readonly<Record<string, string>>;

export function ownerIn(ledger: Ledger, place: string): string | undefined {
  return ledger[place]?.split(" ")[0];
}

/** The column that stands for the whole field. */
export function fieldPlace(ledger: Ledger, place: string): string {
  return ledger[place]?.split(" ")[1] ?? place;
}

const KEY = "schema-owners";

export async function readMeta(storage: StorageAdapter, key: string): Promise<string | undefined> {
  const rows = await storage.findMany({
    table: META_TABLE.name,
    columns: ["value"],
    where: { op: "eq", column: "key", value: key },
    orderBy: [],
    limit: 1,
  });
  return rows[0]?.["value"] as string | undefined;
}

export async function writeMeta(
  storage: StorageAdapter,
  key: string,
  value: string,
  now: number,
): Promise<void> {
  await storage.upsert(
    META_TABLE.name,
    [{ key, value, updated_at: toInstant(now) }],
    ["key"],
    ["value", "updated_at"],
  );
}

export async function readLedger(storage: StorageAdapter): Promise<Ledger> {
  const text = await readMeta(storage, KEY);
  return text ? (JSON.parse(text) as Ledger) : {};
}

/** Adds what the composition owns now; what it no longer names keeps its last owner. */
export async function writeLedger(
  storage: StorageAdapter,
  before: Ledger,
  composition: Composition,
  now: number,
): Promise<void> {
  const text = JSON.stringify({ ...before, ...ownersOf(composition) });
  if (text !== JSON.stringify(before)) await writeMeta(storage, KEY, text, now);
}

export function ownersOf(composition: Composition): Ledger {
  const owners: Record<string, string> = {};
  for (const entity of composition.entities.values()) {
    owners[entity.table] = entity.owner;
    const { history } = entity;
    if (history) {
      owners[history.name] = entity.owner;
      // With its field, a column of it is retired or dropped.
      for (const { name } of history.columns)
        owners[`${history.name}.${name}`] = `${entity.owner} ${entity.table}`;
    }
    for (const field of entity.fields.values()) {
      for (const { name } of field.columns) {
        const part = name === field.column ? "" : ` ${entity.table}.${field.column}`;
        owners[`${entity.table}.${name}`] = `${field.owner}${part}`;
        if (history) owners[`${history.name}.${name}`] = `${field.owner} ${entity.table}.${field.column}`;
      }
    }
  }
  return owners;
}
