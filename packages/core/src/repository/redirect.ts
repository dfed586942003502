import type { EntityModel } from "../model/entity-model.js";
import { idsAmong, visibleIds } from "../runtime/ids-among.js";
import type { Session } from "../runtime/session.js";
import { and, type Filter, or } from "../storage/filter.js";
import { isId } from "./parse-condition.js";

/** Entity in which merges keep whom the ids of their records name. */
const REDIRECTS = "mergedRecord";

/** The record that an id of a merged one names now; undefined for an id that no merge has taken up. */
export async function survivorOf(
  session: Session,
  entity: EntityModel,
  id: string,
): Promise<string | undefined> {
  return isId(id) ? (await survivorsOf(session, entity, [id])).get(id.toLowerCase()) : undefined;
}

/** Ids of one statement. */
const CHUNK = 500;

/** The records that ids of merged ones name now, whether or not the caller may see them; nothing for other ids. */
export async function survivorsOf(
  session: Session,
  entity: EntityModel,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const redirects = session.runtime.composition.entities.get(REDIRECTS);
  if (!redirects) return found;
  const wanted = ids.map((id) => id.toLowerCase());
  for (let start = 0; start < wanted.length; start += CHUNK) {
    const some = wanted.slice(start, start + CHUNK);
    const named: Filter =
      some.length === 1
        ? { op: "eq", column: "old_id", value: some[0] as string }
        : { op: "in", column: "old_id", values: some };
    const rows = await session.operations().findMany({
      table: redirects.table,
      columns: ["old_id", "survivor_id"],
      where: and(session.rows(), named, { op: "eq", column: "entity", value: entity.name }),
      orderBy: [],
      limit: some.length,
    });
    for (const row of rows) found.set(row["old_id"] as string, row["survivor_id"] as string);
  }
  return found;
}

/**
 * The ids of records that merges made one with some of these: those that they name by now, and those that name them. One that was
 * taken out of the recycle bin since then is one of its own again.
 */
export async function mergedWith(
  session: Session,
  entity: EntityModel,
  ids: readonly string[],
  limit: number,
): Promise<string[]> {
  const redirects = session.runtime.composition.entities.get(REDIRECTS);
  if (!redirects) return [];
  const found = new Set<string>();
  for (let start = 0; start < ids.length; start += CHUNK) {
    const values = ids.slice(start, start + CHUNK);
    const rows = await session.operations().findMany({
      table: redirects.table,
      columns: ["old_id", "survivor_id"],
      where: and(
        session.rows(),
        { op: "eq", column: "entity", value: entity.name },
        or({ op: "in", column: "old_id", values }, { op: "in", column: "survivor_id", values }),
      ),
      orderBy: [],
      limit,
    });
    const back = await idsAmong(
      session,
      entity,
      rows.map((row) => row["old_id"] as string),
      session.rows(),
    );
    for (const row of rows) {
      if (back.has(row["old_id"] as string)) continue;
      found.add(row["old_id"] as string);
      found.add(row["survivor_id"] as string);
    }
  }
  return [...found];
}

/** Of those, the survivors that the caller may see. */
export async function visibleSurvivors(
  session: Session,
  entity: EntityModel,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const survivors = await survivorsOf(session, entity, ids);
  const seen = await visibleIds(session, entity, [...new Set(survivors.values())]);
  return new Map([...survivors].filter(([, survivor]) => seen.has(survivor)));
}
