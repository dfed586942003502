import { MATCH_BLOCK_TABLE } from "../migrations/match-key-table.js";
import type { EntityModel } from "../model/entity-model.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { Session } from "../runtime/session.js";
import { and, type Filter } from "../storage/filter.js";

const MAX_BLOCKS = 10_000;

/** What a block is called in the table: its name may be long. */
export const blockDigest = (session: Session, name: string): string =>
  session.runtime.fingerprint(`block\n${name}`).slice(0, 22);

const ofEntity = (session: Session, entity: string): Filter =>
  and(
    { op: "eq", column: TENANT_COLUMN, value: session.tenant },
    { op: "eq", column: "entity", value: entity },
  );

/** Digests of the blocks whose keys all records have, by entity. */
export async function readyBlocks(session: Session): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rows = await session.operations().findMany({
    table: MATCH_BLOCK_TABLE.name,
    columns: ["entity", "block"],
    where: { op: "eq", column: TENANT_COLUMN, value: session.tenant },
    orderBy: [],
    limit: MAX_BLOCKS,
  });
  const ready = new Map<string, Set<string>>();
  for (const row of rows) {
    const entity = row["entity"] as string;
    const blocks = ready.get(entity) ?? new Set();
    ready.set(entity, blocks.add(row["block"] as string));
  }
  return ready;
}

/** From now on the rules that need these blocks are in force. */
export async function markReady(session: Session, entity: string, blocks: Iterable<string>): Promise<void> {
  const rows = [...blocks].map((block) => ({
    [TENANT_COLUMN]: session.tenant,
    entity,
    block,
    ready_at: session.now(),
  }));
  if (rows.length === 0) return;
  await session.operations().upsert(MATCH_BLOCK_TABLE.name, rows, [TENANT_COLUMN, "entity", "block"], []);
}

/** Forgets blocks that no rule has any more: their keys are not kept from now on. */
export async function forgetBlocks(
  session: Session,
  entity: string,
  wanted: readonly string[],
): Promise<void> {
  const others: Filter = { op: "not", of: { op: "in", column: "block", values: wanted } };
  await session
    .operations()
    .deleteWhere(
      MATCH_BLOCK_TABLE.name,
      wanted.length === 0 ? ofEntity(session, entity) : and(ofEntity(session, entity), others),
    );
}

/** How many live records an entity has. */
export async function countLive(session: Session, entity: EntityModel): Promise<number> {
  const [row] = await session.operations().aggregate({
    table: entity.table,
    where: session.rows(),
    groupBy: [],
    measures: [{ as: "n", fn: "count" }],
    orderBy: [],
    limit: 1,
  });
  return (row?.["n"] as number | undefined) ?? 0;
}

/** Whether an entity has more live records than so many. */
export async function hasMoreThan(session: Session, entity: EntityModel, count: number): Promise<boolean> {
  const rows = await session.operations().findMany({
    table: entity.table,
    columns: ["id"],
    where: session.rows(),
    orderBy: [],
    limit: count + 1,
  });
  return rows.length > count;
}
