import { guardDuplicates } from "../../duplicates/guard.js";
import { keepMatchKeys } from "../../duplicates/keys.js";
import { rulesFor } from "../../duplicates/rules.js";
import { journalCreated } from "../../journal/changed-fields.js";
import type { EntityModel } from "../../model/entity-model.js";
import { encodeRecord, type RecordValues } from "../../model/record-codec.js";
import type { EntityValidator } from "../../model/validate.js";
import { keepProvenance } from "../../provenance/keep.js";
import type { Session } from "../../runtime/session.js";
import { keepStates } from "../../temporal/keep-states.js";
import { loadByIds } from "../read.js";
import { checkAttached } from "./attached.js";
import { checkReferences, givenReferences, type Place, raiseIssues, resolveReferences } from "./checks.js";
import { operation, queueCommitted, refuseStrays, runBefore, runHooks } from "./operation.js";
import { assertReach } from "./reach.js";

/** Creates a batch: hooks and statements see all records at once. */
export async function createRecords(
  outer: Session,
  view: EntityModel,
  validator: EntityValidator,
  inputs: readonly unknown[],
  place: Place,
): Promise<RecordValues[]> {
  if (inputs.length === 0) return [];
  outer.require(view, "create");
  const entity = view.full;
  const prepare = () => inputs.map((input) => ({ input: validator.prepareCreate(input, view) }));
  let prepared: ReturnType<typeof prepare> | undefined = prepare();
  return operation(outer, `${entity.name}.create`, async (session, progress) => {
    // Prepared anew on a second try, since hooks may have changed the first copy.
    const batch = prepared ?? prepare();
    prepared = undefined;
    const given = givenReferences(
      session,
      entity,
      batch.map((change) => change.input),
    );
    const { country } = session;
    for (const { input } of batch) {
      claimOwn(session, entity, input);
      validator.standardize(input, country);
    }
    const hooked = session.runtime.composition.hooks.of(entity.name, "create", "before").length > 0;
    const formed = hooked ? batch.map(({ input }) => ({ ...input })) : [];
    const values = batch.map((change) => change.input);
    if (hooked) {
      await resolveReferences(session, entity, values, given);
      progress.started = true;
      await runBefore(session, entity.name, "create", batch, () =>
        raiseIssues(
          entity,
          formed.map((input) => validator.checkPatch(input)),
          place,
        ),
      );
    }
    if (hooked) {
      refuseStrays(session, entity, "create", values);
      // What hooks filled in comes into the same form.
      values.forEach((input, i) => {
        validator.standardize(input, country, undefined, formed[i]);
      });
    }
    const issues = values.map((input) => validator.checkCreate(input));
    await checkReferences(session, entity, values, issues, given, { resolve: true });
    const attached = checkAttached(session, entity, values, issues, given);
    if (attached) await attached;
    raiseIssues(entity, issues, place);

    const now = session.now();
    const records = values.map((input) => newRecord(session, entity, input, now));
    const found = rulesFor(session, entity);
    const rules = found instanceof Promise ? await found : found;
    const notePairs = rules && (await guardDuplicates(session, entity, rules, records, place));
    progress.started = true;
    const cipher = entity.encrypted.length > 0 ? await session.sealing() : undefined;
    const rows = records.map((record) => encodeRecord(entity, record, cipher));
    await journalCreated(session, entity, records, { table: entity.table, rows });
    if (rules) {
      await keepMatchKeys(session, entity, rules, records);
      await notePairs?.();
    }
    const reached = assertReach(session, entity, "create", records);
    if (reached) await reached;
    if (entity.history)
      await keepStates(
        session,
        entity,
        records.map((row) => ({ row })),
      );
    const changes = records.map((row) => ({ row: Object.freeze(row) }));
    const noted = keepProvenance(session, entity, changes);
    if (noted) await noted;
    const heard = runHooks(session, entity.name, "create", "after", changes);
    if (heard) await heard;
    queueCommitted(session, entity.name, "create", changes);
    return asLeft(session, entity, records);
  });
}

/** Who may create for himself alone need not say that a record is his, nor be allowed to read users. */
function claimOwn(session: Session, entity: EntityModel, values: RecordValues): void {
  const owner = entity.access.owner?.name;
  if (owner === undefined || values[owner] !== undefined) return;
  const id = session.access.ownerOfNew(entity);
  if (id !== null) values[owner] = id;
}

function newRecord(session: Session, entity: EntityModel, input: RecordValues, now: string): RecordValues {
  const record: RecordValues = {
    id: session.newId(),
    tenantId: session.tenant,
    createdAt: now,
    updatedAt: now,
    version: 1,
    deletedAt: null,
  };
  for (const field of entity.inputFields) record[field.name] = input[field.name] ?? null;
  return record;
}

/** The records as their own hooks left them: those that were written again are read again. */
export async function asLeft(
  session: Session,
  entity: EntityModel,
  records: readonly RecordValues[],
  options: { readonly withDeleted?: boolean } = {},
): Promise<RecordValues[]> {
  const versions = session.scope?.versions;
  if (!versions || versions.size === 0) return [...records];
  const stale = records.filter((record) => {
    const version = versions.get(`${entity.name}:${record["id"] as string}`);
    return version !== undefined && version > (record["version"] as number);
  });
  if (stale.length === 0) return [...records];
  const fresh = await loadByIds(
    session,
    entity,
    stale.map((record) => record["id"] as string),
    { ...options, trusted: true },
  );
  return records.map((record) => fresh.get(record["id"] as string) ?? record);
}
