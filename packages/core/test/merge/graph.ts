import { linksTo } from "../../src/merge/links.js";
import type { EntityModel } from "../../src/model/entity-model.js";
import type { FieldModel } from "../../src/model/field-model.js";
import { encodeRecord, type RecordValues } from "../../src/model/record-codec.js";
import type { Session } from "../../src/runtime/session.js";
import type { AnySession } from "./identity-app.js";

/** Random numbers that a seed repeats. */
export function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What keeps the books of merges, and counters, which never go back. */
const BOOKS = new Set([
  ...["mergeStep", "mergedRecord", "recordMerge", "duplicatePair", "duplicateScan"],
  "sequence",
]);
/** What hooks work out from rules: at random it would be what no rule gives. */
const DERIVED = new Set(["accountTerritory"]);

const AT = ["2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"];

function anyOf(field: FieldModel, roll: (below: number) => number): unknown {
  const schema = field.schema as { enum?: unknown[]; anyOf?: { const?: unknown }[]; type?: string };
  const options = schema.enum ?? schema.anyOf?.flatMap((one) => ("const" in one ? [one.const] : []));
  switch (field.kind) {
    case "string":
    case "text":
      return ["a", "b", "c"][roll(3)];
    case "enum":
      return options?.[roll(options.length)] ?? field.default;
    case "integer":
      // Not what hooks have numbered already.
      return 10 + roll(4);
    case "number":
      return roll(4) / 4;
    case "boolean":
      return roll(2) === 0;
    case "instant":
      return AT[roll(2)];
    case "date":
      return AT[roll(2)]?.slice(0, 10);
    case "money":
      return { amount: `${roll(9)}.00`, currency: "EUR" };
    default:
      return field.default ?? (schema.type === "array" ? [] : {});
  }
}

/** Entities of all plugins whose records name those of others, by whatever reference, and what hangs on them in turn. */
export function childrenIn(session: Session, names: readonly string[]): EntityModel[] {
  const { entities } = session.runtime.composition;
  const found = new Map<string, EntityModel>();
  let edge = names.map((name) => entities.get(name) as EntityModel);
  for (let depth = 0; depth < 2; depth++) {
    const next: EntityModel[] = [];
    for (const parent of edge)
      for (const { entity } of linksTo(session, parent)) {
        if (found.has(entity.name) || names.includes(entity.name) || BOOKS.has(entity.name)) continue;
        if (DERIVED.has(entity.name)) continue;
        found.set(entity.name, entity);
        next.push(entity);
      }
    edge = next;
  }
  return [...found.values()];
}

/** The children and what they cannot be without, each after what it cannot be without. */
function inOrder(session: Session, names: readonly string[]): EntityModel[] {
  const { entities } = session.runtime.composition;
  const order: EntityModel[] = [];
  const seen = new Set(names);
  const visit = (entity: EntityModel): void => {
    if (seen.has(entity.name)) return;
    seen.add(entity.name);
    for (const { optional, target } of entity.references)
      if (!optional && target !== null) visit(entities.get(target) as EntityModel);
    order.push(entity);
  };
  for (const child of childrenIn(session, names)) visit(child);
  return order;
}

/**
 * Rows of every child entity of the app, written past its hooks: each with random values, and references to whichever of the
 * given records chance says. What a unique key keeps out is left out.
 *
 * @returns how many rows each entity got
 */
export async function growChildren(
  me: AnySession,
  pools: Readonly<Record<string, readonly string[]>>,
  seed: number,
  perEntity: number,
): Promise<Record<string, number>> {
  const session = me as unknown as Session;
  const roll = dice(seed);
  const ids: Record<string, readonly string[]> = { ...pools };
  const grown: Record<string, number> = {};
  for (const entity of inOrder(session, Object.keys(pools))) {
    const keys = new Set<string>();
    const rows: RecordValues[] = [];
    for (let i = 0; i < perEntity; i++) {
      const row: RecordValues = {
        id: session.newId(),
        tenantId: session.tenant,
        createdAt: AT[0],
        updatedAt: AT[0],
        version: 1,
        deletedAt: i > 0 && roll(6) === 0 ? (AT[1] as string) : null,
      };
      for (const field of entity.inputFields) row[field.name] = randomOf(field, ids, roll);
      const { attached } = entity.access;
      if (attached) {
        const names = Object.keys(pools);
        const on = names[roll(names.length)] as string;
        row[attached.entity.name] = on;
        row[attached.record.name] = pools[on]?.[roll(pools[on].length)];
      }
      const own = entity.unique.map((names) =>
        JSON.stringify([names, names.map((name) => row[name] ?? null)]),
      );
      if (own.some((key) => keys.has(key))) continue;
      for (const key of own) keys.add(key);
      rows.push(row);
    }
    const cipher = entity.encrypted.length > 0 ? await session.sealing() : undefined;
    await session.operations().insertMany(
      entity.table,
      rows.map((row) => encodeRecord(entity, row, cipher)),
    );
    // Nothing hangs on what is in the bin: it would be there as well.
    const live = rows.filter((row) => row["deletedAt"] === null);
    ids[entity.name] = live.map((row) => row["id"] as string);
    grown[entity.name] = rows.length;
  }
  return grown;
}

function randomOf(
  field: FieldModel,
  ids: Readonly<Record<string, readonly string[]>>,
  roll: (below: number) => number,
): unknown {
  if (field.kind === "reference") {
    const pool = field.target === null ? undefined : ids[field.target];
    if (pool && pool.length > 0) return field.optional && roll(4) === 0 ? null : pool[roll(pool.length)];
    return field.optional ? null : "00000000-0000-7000-8000-000000000001";
  }
  if (field.optional && roll(3) === 0) return null;
  return anyOf(field, roll);
}

/** Everything that the tenant has, apart from books and from when and how often it was written. */
export async function everything(me: AnySession): Promise<Record<string, unknown[]>> {
  const session = me as unknown as Session;
  const all: Record<string, unknown[]> = {};
  // Trees are spelt out anew: the same pairs, under other ids.
  const trees = new Set([...session.runtime.composition.entities.values()].map(({ tree }) => tree?.table));
  for (const entity of session.runtime.composition.entities.values()) {
    if (BOOKS.has(entity.name)) continue;
    const rows = await session.operations().findMany({
      table: entity.table,
      columns: [...entity.columns],
      where: session.rows(true),
      orderBy: [{ column: "id", direction: "asc" }],
      limit: 10_000,
    });
    const isTree = trees.has(entity.table);
    all[entity.name] = rows
      .map(({ version: _, updated_at: __, id, created_at, ...row }) =>
        isTree ? row : { id, created_at, ...row },
      )
      .map((row) => JSON.stringify(row))
      .sort();
  }
  return all;
}
