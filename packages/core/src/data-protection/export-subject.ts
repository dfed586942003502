import type { Context } from "../context/context.js";
import { appendEvent } from "../journal/append.js";
import { headOf } from "../journal/read.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Subject } from "../privacy/define-personal-data.js";
import type { PersonalModel } from "../privacy/personal-model.js";
import { provenanceOf, shownProvenance } from "../provenance/keep.js";
import { decodeRows } from "../repository/decode-rows.js";
import type { Session } from "../runtime/session.js";
import type { Filter } from "../storage/filter.js";
import { belongs, erasureOrder, mentions, unattached } from "./belongs.js";
import { entriesAbout, pastStates } from "./export-history.js";
import { idsOf, missing } from "./left-behind.js";
import { purgedAmong } from "./purged-records.js";
import { asSystem, permitted, seen } from "./require-permission.js";
import { PAGE, rowsOf } from "./rows.js";
import { findSubject, type Person, storedSubject } from "./subject.js";

/** Event in the journal, on each record of the person. */
const EXPORTED = "privacy.exported";

/**
 * Everything that is kept of a person, over all plugins, as lines of JSON (NDJSON): `subject` first, then each `record` (with where its values are
 * from, where that is kept), each `file` in parts, each `entry` of its journal and each past `state`, and `end` with the counts, without which the file is cut short. Secret
 * fields are never in it, nor what is about somebody else. Memory holds one page. The journal says who asked, before the first line.
 *
 * @param ctx of an actor with the permission `privacy.export`, who may see the person's records
 * @param person a record, also one that was purged and is in the journal alone; or an address: whatever is tied to it
 * @throws forbidden, not-found, subject-unknown: before the first line
 */
export async function* exportSubject(
  ctx: Context,
  person: Person | readonly Person[],
): AsyncGenerator<string> {
  const session = permitted(ctx, "privacy.export");
  const named = Array.isArray(person) ? (person as readonly Person[]) : [person as Person];
  await seen(session, named);
  const system = asSystem(session, "export of what is kept of a person");
  const subject = await findSubject(system, named);
  const { persons, email, phone } = storedSubject(subject);
  // Nothing is written, and much is read past all rights: that it happened is kept.
  await system.transaction(async (tx) => {
    for (const [name, ids] of subject.persons)
      for (const record of ids)
        await appendEvent(tx as Session, EXPORTED, "{}", { entity: { name }, record });
    if (subject.persons.size === 0) await appendEvent(tx as Session, EXPORTED, "{}", undefined);
  });
  yield line({
    type: "subject",
    tenant: system.tenant,
    at: system.now(),
    persons,
    addresses: { email, phone },
  });
  // What is in the journal by now has its place in it.
  await headOf(system);
  const counts = { record: {}, state: {}, entry: {}, file: {} } as Record<
    Told["type"],
    Record<string, number>
  >;
  // People first, then what hangs on them.
  for (const model of erasureOrder(system.runtime.composition.personal).reverse()) {
    const { name } = model.entity;
    for await (const told of toldOf(system, model, subject)) {
      counts[told.type][name] = (counts[told.type][name] ?? 0) + 1;
      yield line(told);
    }
  }
  const parts = Object.keys(counts.file).length > 0 ? { fileParts: counts.file } : {};
  yield line({ type: "end", records: counts.record, states: counts.state, entries: counts.entry, ...parts });
}

type Told = { readonly type: "record" | "state" | "entry" | "file"; readonly entity: string };

/** The records of an entity that are about the subject, with their journal, and past states that were about him. */
async function* toldOf(session: Session, model: PersonalModel, subject: Subject): AsyncGenerator<Told> {
  const entity = model.entity.name;
  const told = (record: RecordValues) =>
    Object.fromEntries(model.exported.map(({ name }) => [name, record[name]]));
  const exported = new Set(model.exported.map(({ name }) => name));
  for (const { where, concerns } of await waysTo(session, model, subject)) {
    for await (const page of rowsOf(session, model.entity, where)) {
      const records = (await decodeRows(session, model.entity.fieldList, page)).filter(concerns);
      const known = await provenanceOf(
        session,
        model.entity,
        records.map(({ id }) => id as string),
      );
      for (const record of records) {
        const fields = known.get(record["id"] as string);
        const provenance = fields && shownProvenance(fields, record, (name) => exported.has(name));
        yield { type: "record", entity, values: told(record), ...(provenance ? { provenance } : {}) } as Told;
        yield* filesOf(session, model, record);
      }
      for await (const entries of entriesAbout(session, model, records, subject))
        for (const entry of entries) yield { type: "entry", entity, ...entry } as Told;
    }
    for await (const states of pastStates(session, model, where))
      for (const { from, until, record } of states)
        if (concerns(record)) yield { type: "state", entity, from, until, values: told(record) } as Told;
  }
  const gone = await missing(session, model, idsOf(subject, entity));
  for (let i = 0; i < gone.length; i += PAGE) {
    const purged = await purgedAmong(session, model, gone.slice(i, i + PAGE));
    const records = purged.map(({ id, values }) => ({ ...values, id }));
    for await (const entries of entriesAbout(session, model, records, subject))
      for (const entry of entries) yield { type: "entry", entity, ...entry } as Told;
  }
}

/** Bytes of one line, before they are written in base64. */
const FILE_PART = 48 * 1024;

/** The bytes of a record's files, in parts: `{ type: "file", entity, id, part, base64 }`; one without parts is gone. */
async function* filesOf(session: Session, model: PersonalModel, record: RecordValues): AsyncGenerator<Told> {
  const entity = model.entity.name;
  for (const { name } of model.files) {
    const key = record[name];
    const bytes = typeof key === "string" ? await session.runtime.files.get(key) : null;
    if (!bytes) continue;
    let part = 0;
    for await (const chunk of bytes)
      for (let at = 0; at < chunk.byteLength; at += FILE_PART) {
        const base64 = Buffer.from(chunk.subarray(at, at + FILE_PART)).toString("base64");
        yield { type: "file", entity, id: record["id"], part, base64 } as Told;
        part += 1;
      }
  }
}

interface Way {
  readonly where: Filter;
  readonly concerns: (record: RecordValues) => boolean;
}

/** By references and addresses; and for what no reference ties to anybody, by looking through its text. */
async function waysTo(session: Session, model: PersonalModel, subject: Subject): Promise<Way[]> {
  const where = await belongs(session, model, subject);
  const concerns = (record: RecordValues) => model.isAbout(record, subject);
  const ways = where.op === "const" && !where.value ? [] : [{ where, concerns }];
  if (model.mentions.length === 0) return ways;
  const mentioned = (record: RecordValues) => mentions(model, record, subject) && concerns(record);
  return [...ways, { where: unattached(model), concerns: mentioned }];
}

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
