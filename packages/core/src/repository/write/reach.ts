import { localTruth } from "../../access/local-truth.js";
import { outOfReach } from "../../access/require.js";
import type { Context } from "../../context/context.js";
import type { RecordRight } from "../../context/role.js";
import { NotFound } from "../../errors/core-errors.js";
import type { EntityModel } from "../../model/entity-model.js";
import { plainColumns, type RecordValues } from "../../model/record-codec.js";
import type { Session } from "../../runtime/session.js";
import { always, and, type Filter, or } from "../../storage/filter.js";
import { isUuid } from "../../util/uuid.js";

/**
 * Holds a right against records as they are in the database now: before a write against what is there, after it against
 * what it made of it. Asks the database only where the records themselves do not tell.
 *
 * @throws forbidden
 */
export function assertReach(
  session: Session,
  entity: EntityModel,
  right: RecordRight,
  records: readonly RecordValues[],
  filter: Filter = session.access.filter(entity, right),
): Promise<void> | void {
  if (filter !== always && records.length > 0) return assertReached(session, entity, right, records, filter);
}

async function assertReached(
  session: Session,
  entity: EntityModel,
  right: RecordRight,
  records: readonly RecordValues[],
  filter: Filter,
): Promise<void> {
  const [first] = await unreached(session, entity, records, filter);
  if (first !== undefined) throw outOfReach(entity, first, right);
}

/** Ids of those, as they are in the database now, that do not satisfy a filter. */
export async function unreached(
  session: Session,
  entity: EntityModel,
  records: readonly RecordValues[],
  filter: Filter,
): Promise<ReadonlySet<string>> {
  if (filter === always || records.length === 0) return new Set();
  const open: string[] = [];
  const missing = new Set<string>();
  for (const record of records) {
    const truth = localTruth(filter, plainColumns(entity, record));
    const id = record["id"] as string;
    if (truth === false) missing.add(id);
    if (truth === undefined) open.push(id);
  }
  if (open.length === 0) return missing;
  const rows = await session.operations().findMany({
    table: entity.table,
    columns: ["id"],
    where: and({ op: "in", column: "id", values: open }, session.rows(true), filter),
    orderBy: [],
    limit: open.length,
  });
  const reached = new Set(rows.map((row) => row["id"]));
  for (const id of open) if (!reached.has(id)) missing.add(id);
  return missing;
}

const CHUNK = 500;

/** Of ids, those whose records satisfy a filter. */
async function idsAmong(
  session: Session,
  { table }: EntityModel,
  ids: readonly string[],
  where: Filter,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let start = 0; start < ids.length; start += CHUNK) {
    const values = ids.slice(start, start + CHUNK);
    const rows = await session.operations().findMany({
      table,
      columns: ["id"],
      where: and({ op: "in", column: "id", values }, where),
      orderBy: [],
      limit: values.length,
    });
    for (const row of rows) found.add(row["id"] as string);
  }
  return found;
}

/**
 * Holds rights of the actor, of which one is enough for each record, against records, with as many queries for all of them as
 * for one: for actions that change records in his name with the rights of the system.
 *
 * @throws not-found for one that he may not read; forbidden for one that none of the rights reaches
 */
export async function assertCan(
  ctx: Context,
  rights: readonly RecordRight[],
  { name }: { readonly name: string },
  wanted: readonly string[],
): Promise<void> {
  const session = ctx as Session;
  const model = session.model(name);
  session.require(model, "read");
  const ids = [...new Set(wanted.map((id) => id.toLowerCase()))];
  const noId = ids.find((id): boolean => !isUuid(id));
  if (noId !== undefined) throw NotFound({ entity: name, id: noId.slice(0, 64) });
  const seen = await idsAmong(session, model, ids, session.visible(model));
  const hidden = ids.find((id) => !seen.has(id));
  if (hidden !== undefined) throw NotFound({ entity: name, id: hidden });
  const held = rights.filter((right) => session.access.has(name, right));
  if (held.length === 0) session.require(model, rights[0] as RecordRight);
  const reaches = held.map((right) => session.access.filter(model, right));
  if (reaches.includes(always)) return;
  const reached = await idsAmong(session, model, ids, and(session.rows(), or(...reaches)));
  const missing = ids.find((id) => !reached.has(id));
  if (missing !== undefined) throw outOfReach(model, missing, rights[0] as RecordRight);
}

/** Names of the fields by which a record belongs to somebody. */
export function ownershipFields({ access: { owner, team } }: EntityModel): string[] {
  return [owner, team].flatMap((field) => (field ? [field.name] : []));
}

/** Whether changing these fields may carry a record out of somebody's reach. */
export function movesRecord(session: Session, entity: EntityModel, changed: RecordValues): boolean {
  if (session.access.filter(entity, "update") === always) return false;
  const { parents, attached } = entity.access;
  const names = [
    ...ownershipFields(entity),
    ...parents.map((relation) => relation.field.name),
    ...(attached ? [attached.entity.name, attached.record.name] : []),
  ];
  return session.access.isConditional(entity) || names.some((name) => name in changed);
}
