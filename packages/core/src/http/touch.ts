import type { EntityModel } from "../model/entity-model.js";
import type { Session } from "../runtime/session.js";
import { and } from "../storage/filter.js";
import { toInstant } from "../util/clock.js";

const MINUTE_MS = 60_000;

/**
 * Notes that a credential was used, at most once a minute. Beside the request, which does not wait for it, and past the
 * record's version and journal: it changes nothing that anybody decided.
 */
export function touch(
  session: Session,
  entity: EntityModel,
  field: string,
  record: { readonly id: string; readonly seen: string | null },
): void {
  const now = session.clock.now();
  if (record.seen !== null && Date.parse(record.seen) > now - MINUTE_MS) return;
  const column = entity.fields.get(field)?.column as string;
  const where = and(
    { op: "eq", column: "tenant_id", value: session.tenant },
    { op: "eq", column: "id", value: record.id },
  );
  session
    .operations()
    .updateWhere(entity.table, where, { [column]: toInstant(now) })
    .catch(session.runtime.report);
}
