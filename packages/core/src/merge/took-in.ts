import type { Context } from "../context/context.js";
import type { Session } from "../runtime/session.js";
import { and } from "../storage/filter.js";

/**
 * Whether a record is more than it was when it was made: others were merged into it, and that was not taken back. Whoever undoes
 * what once made it would take those away with it. Tells nothing of the others, and asks for no right.
 */
export async function tookInOthers(
  ctx: Context,
  entity: { readonly name: string },
  id: string,
): Promise<boolean> {
  const session = ctx as Session;
  const redirects = session.runtime.composition.entities.get("mergedRecord");
  if (!redirects) return false;
  const rows = await session.operations().findMany({
    table: redirects.table,
    columns: ["id"],
    where: and(
      session.rows(),
      { op: "eq", column: "survivor_id", value: id.toLowerCase() },
      { op: "eq", column: "entity", value: entity.name },
    ),
    orderBy: [],
    limit: 1,
  });
  return rows.length > 0;
}
