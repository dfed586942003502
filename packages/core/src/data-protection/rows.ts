import type { EntityModel } from "../model/entity-model.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";

export const PAGE = 200;

export const ofTenant = (session: Pick<Session, "tenant">): Filter => ({
  op: "eq",
  column: TENANT_COLUMN,
  value: session.tenant,
});

/** Stored rows of the tenant in order of their ids, also those in the recycle bin, a page at a time. */
export async function* rowsOf(
  session: Session,
  entity: EntityModel,
  where: Filter,
  start?: string,
): AsyncGenerator<StoredRow[]> {
  let last = start;
  for (;;) {
    const rows = await pageOf(session, entity, where, last);
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    last = rows[rows.length - 1]?.["id"] as string;
  }
}

export async function pageOf(
  session: Session,
  entity: EntityModel,
  where: Filter,
  after: string | undefined,
): Promise<StoredRow[]> {
  return session.operations().findMany({
    table: entity.table,
    columns: entity.columns,
    where: and(ofTenant(session), where),
    orderBy: [{ column: "id", direction: "asc" }],
    limit: PAGE,
    ...(after === undefined ? {} : { after: [after] }),
  });
}
