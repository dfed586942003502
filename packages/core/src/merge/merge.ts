import { ordered } from "../duplicates/pairs.js";
import type { EntityModel } from "../model/entity-model.js";
import { type RecordValues, sameValue } from "../model/record-codec.js";
import { handOn, type KnownProvenance, provenanceOf } from "../provenance/keep.js";
import { listed } from "../repository/write/checks.js";
import { deleteRecords } from "../repository/write/delete.js";
import { assertReach } from "../repository/write/reach.js";
import { lockRecords, updateRecords } from "../repository/write/update.js";
import type { Session } from "../runtime/session.js";
import { toInstant } from "../util/clock.js";
import { checkChoices } from "./choices.js";
import { restrictConsents } from "./consents.js";
import { MergeLog, provenanceStep } from "./log.js";
import { idsOf, type MergeRequest, type PlannedField, planFields, visibleMoves } from "./plan.js";
import { repointAll } from "./repoint.js";

export interface MergeCommand extends MergeRequest {
  /** Of the plan: refused where one has moved on. */
  readonly versions?: Readonly<Record<string, number>> | undefined;
}

export interface MergeResult {
  readonly mergeId: string;
  readonly survivorId: string;
  readonly loserIds: string[];
  readonly moved: { entity: string; field: string; count: number }[];
  readonly undoUntil: string;
}

const DAY_MS = 86_400_000;

// biome-ignore lint/suspicious/noExplicitAny: bookkeeping of entities that are declared above this folder.
type Books = any;
const books = (session: Session, name: string): Books => session.repo({ name } as never);

/**
 * Makes one record of several, in one transaction: everything of every plugin that names one of them names the survivor, the
 * others go into the recycle bin, and their ids answer with the survivor for ever. Takes the rights to change and to delete
 * each of them.
 *
 * @throws not-found for one that the actor may not see; forbidden; version-conflict; invalid-merge; what a hook says that
 * refuses a change of something that names one of them, such as record-locked
 */
export async function mergeRecords(
  outer: Session,
  name: string,
  command: MergeCommand,
  undoDays: number,
): Promise<MergeResult> {
  const view = outer.entity(name);
  outer.require(view, "update");
  outer.require(view, "delete");
  const { survivor, losers } = idsOf(command);
  return outer.atomically(async (session) => {
    const entity = view.full;
    const ids = [survivor, ...losers];
    const records = await lockRecords(
      session,
      entity,
      ids,
      ids.map((id) => ({ version: command.versions?.[id] })),
    );
    await assertReach(session, entity, "update", records);
    await assertReach(session, entity, "delete", records);
    const [kept, ...gone] = records as [RecordValues, ...RecordValues[]];
    // Choices are about what the actor sees; the rest goes by the same rule, and is not told.
    planFields(view, kept, gone, command.fields);
    const planned = planFields(entity, kept, gone, command.fields);
    const handedOn = await checkChoices(session, entity, kept, planned, command.fields);
    const keeper = session.asSystem({ capability: "crm.merge", reason: `merge of ${name}` }) as Session;
    const undoUntil = toInstant(session.clock.now() + undoDays * DAY_MS);
    const made = await books(keeper, "recordMerge").create({
      entity: name,
      survivorId: survivor,
      loserIds: losers,
      undoUntil,
      moved: [],
    });
    const origin = { source: "merge", reference: made.id as string, ...session.origin };
    const [system, trusted] = [keeper.from(origin), session.trusted().from(origin)];
    const log = new MergeLog(system, made.id as string, session);
    const told = await visibleMoves(session, entity, losers);

    await repointAll(trusted, log, entity, losers, survivor);
    await deleteRecords(
      trusted,
      entity,
      gone.map((record) => ({ id: record["id"] as string })),
    );
    await log.note(...losers.map((recordId) => ({ kind: "bin" as const, entity: name, recordId })));
    await redirect(system, log, name, losers, survivor);

    const patch: RecordValues = {};
    const self = new Set(ids);
    for (const { field, value } of planned) {
      // Nobody becomes his own parent.
      const own = entity.fields.get(field)?.target === name && self.has(value as string);
      const wanted = own ? outside(field, records, self) : value;
      if (!sameValue(kept[field] ?? null, wanted ?? null)) patch[field] = wanted;
    }
    const known = await provenanceOf(session, entity, ids);
    const after = await writeSurvivor(trusted, entity, survivor, patch);
    await handOnChosen(session, planned, { kept, after, known });
    // What the caller chose may not carry the record out of his reach, unless he may hand it on.
    if (command.fields) await assertReach(session, entity, "update", [after], handedOn);
    await log.note(
      ...Object.keys(patch).map((field) => ({
        kind: "set" as const,
        entity: name,
        recordId: survivor,
        field,
        before: kept[field] ?? null,
        after: after[field] ?? null,
        ...provenanceStep(session, entity, field, known.get(survivor)),
      })),
    );
    const addresses = addressesOf(entity, records);
    await uniteAddresses(system, log, entity, after, addresses);
    const all = await withPointsOf(system, entity, survivor, addresses);
    await restrictConsents(system, log, all, { entity: name, id: survivor });
    await settlePairs(system, log, name, ids);
    await log.flush();
    const moved = log.counts.filter(({ count }) => count > 0);
    await books(system, "recordMerge").update(made.id, { moved });
    return { mergeId: made.id as string, survivorId: survivor, loserIds: losers, moved: told, undoUntil };
  });
}

/** A value that comes from another record is from where it was there. */
async function handOnChosen(
  session: Session,
  planned: readonly PlannedField[],
  {
    kept,
    after,
    known,
  }: { readonly kept: RecordValues; readonly after: RecordValues; readonly known: KnownProvenance },
): Promise<void> {
  const survivor = kept["id"] as string;
  const taken = planned.flatMap(({ field, from, value }) => {
    const isTaken = from !== null && from !== survivor && sameValue(after[field] ?? null, value ?? null);
    const there = isTaken && !sameValue(kept[field] ?? null, value ?? null) && known.get(from)?.get(field);
    return there ? [{ recordId: survivor, field, known: there }] : [];
  });
  if (taken.length > 0) await handOn(session, taken);
}

/** The first value of a field that leads out of the records. */
function outside(field: string, records: readonly RecordValues[], self: ReadonlySet<string>): unknown {
  return (
    records.map((record) => record[field]).find((value) => typeof value === "string" && !self.has(value)) ??
    null
  );
}

async function writeSurvivor(
  trusted: Session,
  entity: EntityModel,
  id: string,
  patch: RecordValues,
): Promise<RecordValues> {
  const validator = trusted.runtime.composition.validators.get(entity.name);
  if (!validator) throw new Error(`no validator of ${entity.name}`);
  const [row] = await updateRecords(trusted, entity, validator, [{ id, patch }], listed);
  return row as RecordValues;
}

/** Whom ids name: those that named a loser as well. */
async function redirect(
  system: Session,
  log: MergeLog,
  entity: string,
  losers: readonly string[],
  survivor: string,
): Promise<void> {
  const redirects = books(system, "mergedRecord");
  for await (const { id, survivorId } of redirects.stream({ where: { survivorId: { in: losers } } })) {
    await redirects.update(id, { survivorId: survivor });
    await log.note({
      kind: "set",
      entity: "mergedRecord",
      recordId: id,
      field: "survivorId",
      before: survivorId,
      after: survivor,
    });
  }
  // One that somebody took out of the recycle bin after another merge names somebody already.
  const again = await redirects.find({ where: { oldId: { in: losers } }, limit: losers.length });
  const known = new Set<string>();
  for (const row of again.items) {
    const patch = { survivorId: survivor, mergeId: log.id };
    await redirects.update(row.id, patch);
    for (const [field, after] of Object.entries(patch))
      await log.note({
        kind: "set",
        entity: "mergedRecord",
        recordId: row.id,
        field,
        before: row[field],
        after,
      });
    known.add(row.oldId);
  }
  const made = await redirects.createMany(
    losers
      .filter((oldId) => !known.has(oldId))
      .map((oldId) => ({ entity, oldId, survivorId: survivor, mergeId: log.id })),
  );
  await log.note(
    ...made.map(({ id }: { id: string }) => ({
      kind: "make" as const,
      entity: "mergedRecord",
      recordId: id,
    })),
  );
}

type Addresses = Record<"email" | "phone", string[]>;

/** All e-mail addresses and phone numbers of the records. */
function addressesOf(entity: EntityModel, records: readonly RecordValues[]): Addresses {
  const found: Addresses = { email: [], phone: [] };
  for (const field of entity.standards) {
    const kind = field.standard?.as;
    if (kind !== "email" && kind !== "phone") continue;
    for (const record of records) {
      const value = record[field.name];
      if (typeof value === "string" && !found[kind].includes(value)) found[kind].push(value);
    }
  }
  return found;
}

/** The addresses, and the contact points that hang on the survivor by now: those that were there before, of any of the records. */
async function withPointsOf(
  system: Session,
  entity: EntityModel,
  survivor: string,
  addresses: Addresses,
): Promise<Addresses> {
  const by = pointReference(system, entity);
  if (!by) return addresses;
  const all = { email: new Set(addresses.email), phone: new Set(addresses.phone) };
  const points = books(system, "contactPoint").stream({
    where: { [by.name]: survivor },
    select: ["id", "kind", "value"],
  });
  for await (const { kind, value } of points) all[kind as keyof Addresses].add(value);
  return { email: [...all.email], phone: [...all.phone] };
}

const pointReference = (system: Session, entity: EntityModel) =>
  system.runtime.composition.entities
    .get("contactPoint")
    ?.references.find(({ target }) => target === entity.name);

/** Keeps the addresses that the survivor has no field for. */
async function uniteAddresses(
  system: Session,
  log: MergeLog,
  entity: EntityModel,
  survivor: RecordValues,
  addresses: Addresses,
): Promise<void> {
  const by = pointReference(system, entity);
  if (!by) return;
  const own = new Set(entity.standards.map(({ name }) => survivor[name]));
  const points = books(system, "contactPoint");
  for (const kind of ["email", "phone"] as const)
    for (const value of addresses[kind]) {
      if (own.has(value)) continue;
      const key = { kind, value, [by.name]: survivor["id"] };
      if (await points.first({ where: key, select: ["id"] })) continue;
      const { id } = await points.create(key);
      await log.note({ kind: "make", entity: "contactPoint", recordId: id });
    }
}

/** Pairs of these records wait for nobody any more. */
async function settlePairs(
  system: Session,
  log: MergeLog,
  entity: string,
  ids: readonly string[],
): Promise<void> {
  const pairs = books(system, "duplicatePair");
  const left = [...ids].sort();
  const waiting = pairs.stream({
    where: { entity, leftId: { in: left }, rightId: { in: left }, state: { ne: "merged" } },
  });
  for await (const { id, state, leftId, rightId } of waiting) {
    if (ordered(leftId, rightId)[0] !== leftId) continue;
    await pairs.update(id, { state: "merged" });
    await log.note({
      kind: "set",
      entity: "duplicatePair",
      recordId: id,
      field: "state",
      before: state,
      after: "merged",
    });
  }
}
