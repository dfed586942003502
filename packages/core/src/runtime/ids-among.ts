import type { EntityModel } from "../model/entity-model.js";
import { and, type Filter } from "../storage/filter.js";
import type { Session } from "./session.js";

/** Ids of one statement. */
const CHUNK = 500;

/** Which of these ids are of records that satisfy a filter, which holds them to the tenant. */
export async function idsAmong(
  session: Session,
  entity: EntityModel,
  ids: readonly string[],
  where: Filter,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let start = 0; start < ids.length; start += CHUNK) {
    const values = ids.slice(start, start + CHUNK);
    const rows = await session.operations().findMany({
      table: entity.table,
      columns: ["id"],
      where: and({ op: "in", column: "id", values }, where),
      orderBy: [],
      limit: values.length,
    });
    for (const row of rows) found.add(row["id"] as string);
  }
  return found;
}

/** Which of these records the session's actor may see. */
export async function visibleIds(
  session: Session,
  entity: EntityModel,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (!session.access.has(entity.name, "read")) return new Set();
  return idsAmong(session, entity, ids, session.visible(entity));
}
