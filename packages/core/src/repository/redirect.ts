import type { EntityModel } from "../model/entity-model.js";
import type { Session } from "../runtime/session.js";
import { and } from "../storage/filter.js";
import { isId } from "./parse-condition.js";

/** Entity in which merges keep whom the ids of their records name. */
const REDIRECTS = "mergedRecord";

/** The record that an id of a merged one names now; undefined for an id that no merge has taken up. */
export async function survivorOf(
  session: Session,
  entity: EntityModel,
  id: string,
): Promise<string | undefined> {
  const redirects = session.runtime.composition.entities.get(REDIRECTS);
  if (!redirects || !isId(id)) return undefined;
  const [row] = await session.operations().findMany({
    table: redirects.table,
    columns: ["survivor_id"],
    where: and(
      session.rows(),
      { op: "eq", column: "old_id", value: id.toLowerCase() },
      { op: "eq", column: "entity", value: entity.name },
    ),
    orderBy: [],
    limit: 1,
  });
  return row?.["survivor_id"] as string | undefined;
}
