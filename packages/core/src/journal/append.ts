import type { Actor } from "../context/context.js";
import type { EventSubject } from "../context/event.js";
import type { JournalOperation } from "../context/journal.js";
import { JOURNAL_TABLE } from "../migrations/journal-tables.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow, Write } from "../storage/adapter.js";
import { digestOf, UNORDERED } from "./entry.js";

/** What an entry says of one record. */
export interface Written {
  readonly record: string;
  /** Null where the record has none of its own for it. */
  readonly version: number | null;
  readonly at: string;
  /** JSON, or null for none. */
  readonly changes: string | null;
}

const TEXT = 255;
/** For who listens to all of them: no tenant is called so. */
export const ANY_TENANT = "*";

/** Enters a batch of one operation, in the transaction of the session: one statement. Answers the entries' ids. */
export async function append(
  session: Session,
  entity: string,
  operation: JournalOperation,
  batch: readonly Written[],
): Promise<string[]> {
  const rows = entries(session, entity, operation, batch);
  await session.operations().insertMany(JOURNAL_TABLE.name, rows);
  entered(session, rows);
  return rows.map((row) => row["id"] as string);
}

/** The same together with the write that it is about. Answers how many rows its updates matched. */
export async function appendWith(
  session: Session,
  entity: string,
  operation: JournalOperation,
  batch: readonly Written[],
  write: Write,
): Promise<readonly number[]> {
  const rows = entries(session, entity, operation, batch);
  const [counts] = await session.operations().writeAll([write, { table: JOURNAL_TABLE.name, rows }]);
  entered(session, rows);
  return counts ?? [];
}

function entries(
  session: Session,
  entity: string,
  operation: JournalOperation,
  batch: readonly Written[],
): StoredRow[] {
  const common = commonColumns(session);
  return batch.map((written): StoredRow => {
    const { record, version, at, changes } = written;
    return {
      id: session.newId(),
      position: UNORDERED,
      entity,
      record,
      operation,
      event: null,
      version,
      at,
      changes,
      digest: digestOf(changes),
      ...common,
    };
  });
}

/** Enters an event. @param payload JSON */
export async function appendEvent(
  session: Session,
  event: string,
  payload: string,
  subject: EventSubject | undefined,
): Promise<void> {
  const row: StoredRow = {
    id: session.newId(),
    position: UNORDERED,
    entity: subject?.entity.name ?? null,
    record: subject?.record.toLowerCase() ?? null,
    operation: "event",
    event,
    version: null,
    at: session.now(),
    changes: payload,
    digest: digestOf(payload),
    ...commonColumns(session),
  };
  await session.operations().insertMany(JOURNAL_TABLE.name, [row]);
  entered(session, [row]);
}

function entered(session: Session, rows: readonly StoredRow[]): void {
  const { scope, tenant } = session;
  scope?.entered?.push(...rows);
  if (!scope || scope.journalled) return;
  scope.journalled = true;
  const { journalled } = session.runtime;
  scope.committed.push(async () => {
    journalled.emit(tenant);
    journalled.emit(ANY_TENANT);
  });
}

function commonColumns(session: Session): StoredRow {
  const { actor } = session.identity;
  return {
    tenant_id: session.tenant,
    ...authorColumns(session),
    reason: actor.kind === "system" ? actor.reason : null,
    request_id: cut(session.requestId ?? null),
  };
}

/** Who writes, and inside of which operations. */
export function authorColumns(session: Session) {
  const { actor, userId } = session.identity;
  return {
    actor_kind: actor.kind,
    actor_id: cut(actorId(actor)),
    user_id: cut(userId ?? null),
    cause: session.chain.join(" "),
  };
}

function actorId(actor: Actor): string | null {
  switch (actor.kind) {
    case "system":
      return actor.capability ?? null;
    case "public":
      return actor.route;
    default:
      return actor.id;
  }
}

const cut = (text: string | null): string | null =>
  text !== null && text.length > TEXT ? text.slice(0, TEXT) : text;
