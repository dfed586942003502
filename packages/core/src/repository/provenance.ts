import type { RecordProvenance } from "../context/provenance.js";
import { NotFound } from "../errors/core-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { provenanceOf, shownProvenance } from "../provenance/keep.js";
import type { Session } from "../runtime/session.js";
import { loadById } from "./read.js";
import { survivorOf } from "./redirect.js";

/** Where the values are from that the actor sees of a record; of one that was merged, of the survivor. @throws not-found */
export async function readProvenance(
  session: Session,
  view: EntityModel,
  id: string,
): Promise<RecordProvenance> {
  const wanted = String(id).toLowerCase();
  const own = await loadById(session, view, wanted, { withDeleted: true });
  const survivor = own && own["deletedAt"] === null ? undefined : await survivorOf(session, view, wanted);
  const record = (survivor !== undefined && (await loadById(session, view, survivor))) || own;
  if (!record) throw NotFound({ entity: view.name, id: wanted.slice(0, 64) });
  return provenanceIn(session, view, record);
}

/** The same of a record that the actor has read. */
export async function provenanceIn(
  session: Session,
  view: EntityModel,
  record: RecordValues,
): Promise<RecordProvenance> {
  const id = record["id"] as string;
  const known = (await provenanceOf(session, view, [id])).get(id);
  // Of what is masked, too, he sees no value that could be from anywhere.
  return shownProvenance(known, record, (name) => view.queryable.has(name));
}
