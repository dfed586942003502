import type { JournalOperation } from "../context/journal.js";
import type { FieldCipher } from "../encryption/field-cipher.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Session } from "../runtime/session.js";
import type { Write } from "../storage/adapter.js";
import { append, appendWith, type Written } from "./append.js";

/** An update of one record. */
export interface UpdatedRecord {
  readonly before: RecordValues;
  readonly row: RecordValues;
  readonly changed: Iterable<string>;
}

/** Inserts a batch, and enters its creation. */
export async function journalCreated(
  session: Session,
  entity: EntityModel,
  rows: readonly RecordValues[],
  write: Write,
): Promise<void> {
  if (!entity.journal) {
    await session.operations().writeAll([write]);
    return;
  }
  const cipher = entity.encrypted.length > 0 ? await session.sealing() : undefined;
  const entries = rows.map((row) =>
    written(row, changesOf(session, entity.inputFields, undefined, row, cipher)),
  );
  await appendWith(session, entity.name, "create", entries, write);
}

/** Enters an update of a batch: only what changed. */
export async function journalUpdated(
  session: Session,
  entity: EntityModel,
  batch: readonly UpdatedRecord[],
): Promise<void> {
  if (!entity.journal || batch.length === 0) return;
  await append(session, entity.name, "update", await updatesOf(session, entity, batch));
}

/** The same together with the write itself. Answers how many rows each update matched. */
export async function journalUpdating(
  session: Session,
  entity: EntityModel,
  batch: readonly UpdatedRecord[],
  write: Write,
): Promise<readonly number[]> {
  if (!entity.journal) return (await session.operations().writeAll([write]))[0] ?? [];
  const entries = await updatesOf(session, entity, batch);
  return appendWith(session, entity.name, "update", entries, write);
}

async function updatesOf(
  session: Session,
  entity: EntityModel,
  batch: readonly UpdatedRecord[],
): Promise<Written[]> {
  const cipher = entity.encrypted.length > 0 ? await session.sealing() : undefined;
  return batch.map(({ before, row, changed }) => {
    const fields: FieldModel[] = [];
    for (const name of changed) fields.push(entity.fields.get(name) as FieldModel);
    return written(row, changesOf(session, fields, before, row, cipher));
  });
}

/** Enters that records went into the recycle bin, or came back. */
export async function journalMoved(
  session: Session,
  entity: EntityModel,
  operation: Extract<JournalOperation, "delete" | "restore">,
  before: readonly RecordValues[],
  rows: readonly RecordValues[],
): Promise<void> {
  if (!entity.journal || rows.length === 0) return;
  const fields = [entity.fields.get("deletedAt") as FieldModel];
  const entries = rows.map((row, i) => written(row, changesOf(session, fields, before[i], row)));
  await append(session, entity.name, operation, entries);
}

/** Enters that records are gone for good, with what they held: by it a reader can tell who could see them. */
export async function journalPurged(
  session: Session,
  entity: EntityModel,
  before: readonly RecordValues[],
): Promise<void> {
  if (!entity.journal || before.length === 0) return;
  const cipher = await cipherOf(session, entity);
  const now = session.now();
  const entries = before.map((row): Written => {
    const at = now < (row["updatedAt"] as string) ? (row["updatedAt"] as string) : now;
    const version = (row["version"] as number) + 1;
    const changes = changesOf(session, entity.inputFields, row, undefined, cipher);
    return { record: row["id"] as string, version, at, changes };
  });
  await append(session, entity.name, "purge", entries);
}

function written(row: RecordValues, changes: string): Written {
  return {
    record: row["id"] as string,
    version: row["version"] as number,
    at: row["updatedAt"] as string,
    changes,
  };
}

/** `{ field: [before, after] }` as JSON. Fields that are empty before and after are left out. */
function changesOf(
  session: Session,
  fields: readonly FieldModel[],
  before: RecordValues | undefined,
  after: RecordValues | undefined,
  cipher?: FieldCipher,
): string {
  const id = (before ?? after)?.["id"] as string;
  const changes: Record<string, unknown> = {};
  for (const field of fields) {
    const { name } = field;
    const old = before?.[name] ?? null;
    const fresh = after?.[name] ?? null;
    if (old === null && fresh === null) continue;
    if (field.sensitivity === "secret")
      changes[name] = [fingerprint(session, field, old), fingerprint(session, field, fresh)];
    else if (field.encrypted)
      changes[name] = [sealed(field, id, old, cipher), sealed(field, id, fresh, cipher)];
    else changes[name] = [old, fresh];
  }
  return JSON.stringify(changes);
}

async function cipherOf(session: Session, entity: EntityModel): Promise<FieldCipher | undefined> {
  return entity.encrypted.length > 0 ? session.sealing() : undefined;
}

/** As it is stored in the record: what a field keeps from readers of the database, the journal keeps as well. */
function sealed(field: FieldModel, id: string, value: unknown, cipher: FieldCipher | undefined): unknown {
  if (value === null || !field.encrypted) return value;
  if (!cipher) throw new Error(`no cipher was given for ${field.name}`);
  return cipher.seal(field.encrypted.place, id, value);
}

/** Whether a secret changed can be seen, but not what it was. */
function fingerprint(session: Session, field: FieldModel, value: unknown): string | null {
  if (value === null) return null;
  return session.runtime.fingerprint(`${session.tenant}\n${field.name}\n${JSON.stringify(value)}`);
}
