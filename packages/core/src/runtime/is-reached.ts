import type { RecordRight } from "../context/role.js";
import type { EntityModel } from "../model/entity-model.js";
import { and } from "../storage/filter.js";
import { isUuid } from "../util/uuid.js";
import type { Session } from "./session.js";

/** Whether a right of the actor reaches a record, or (without `id`) any record of the entity at all. */
export async function isReached(
  session: Session,
  model: EntityModel,
  right: RecordRight,
  id: string | undefined,
): Promise<boolean> {
  if (!session.access.has(model.name, right)) return false;
  if (id === undefined) return true;
  // What is no id names no record, and no engine should be asked to read it as one.
  if (!isUuid(id.toLowerCase())) return false;
  const rows = await session.operations().findMany({
    table: model.table,
    columns: ["id"],
    where: and(
      { op: "eq", column: "id", value: id.toLowerCase() },
      session.visible(model),
      session.reached(model, right),
    ),
    orderBy: [],
    limit: 1,
  });
  return rows.length > 0;
}
