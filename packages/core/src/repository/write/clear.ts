import { journalUpdated } from "../../journal/changed-fields.js";
import { encodePatch } from "../../model/record-codec.js";
import type { Session } from "../../runtime/session.js";
import type { Filter } from "../../storage/filter.js";
import { keepStates } from "../../temporal/keep-states.js";
import { loadByIds } from "../read.js";
import { type Child, inBatches } from "./children.js";
import { guard, later, noteVersions, writeGuarded } from "./update.js";

/** Empties a reference of all records that satisfy `where`, those in the recycle bin among them. */
export async function clearReferences(
  session: Session,
  { entity, field }: Child,
  where: Filter,
  done: ReadonlySet<string>,
  at: string,
): Promise<void> {
  await inBatches(session, entity, where, done, async (ids) => {
    const found = await loadByIds(session, entity, ids, { lock: true, withDeleted: true, trusted: true });
    const batch = [...found.values()].map((before) => {
      const version = (before["version"] as number) + 1;
      const patch = { [field.name]: null, updatedAt: later(before, at), version };
      return { before, patch, row: { ...before, ...patch }, changed: [field.name] };
    });
    await writeGuarded(
      session,
      entity,
      batch.map(({ before, patch, row }) => ({
        where: guard(session, before),
        patch: encodePatch(entity, patch, row),
      })),
      batch.map(({ before }) => before),
    );
    noteVersions(
      session,
      entity,
      batch.map(({ row }) => row),
    );
    await keepStates(session, entity, batch);
    await journalUpdated(session, entity, batch);
  });
}
