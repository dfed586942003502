import type { RecordProvenance } from "../context/provenance.js";
import { InvalidQuery } from "../errors/core-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Session } from "../runtime/session.js";
import type { TimelineSource } from "../timeline/define-timeline-source.js";
import { parseWhere } from "./parse-where.js";
import { provenanceIn } from "./provenance.js";
import { findPage, getRecord } from "./read.js";
import { isHidden, reaching } from "./timeline.js";

/** The newest records of one kind around a record. */
export interface ProfileList {
  /** Whether there are more than `items`. */
  readonly more: boolean;
  /** What the actor may see of them, newest first. */
  readonly items: readonly RecordValues[];
}

/** Everything around a record in one answer. */
export interface Profile {
  readonly record: RecordValues;
  /** By the plural of the records, such as `tickets`, and by the names of dimensions that plugins add. */
  readonly dimensions: Readonly<Record<string, unknown>>;
  /** Where its values are from, where the app asks for that. */
  readonly provenance?: RecordProvenance;
}

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 50;

/**
 * A record with the newest records of every kind that stands on its timeline, and what plugins add: one query for each
 * kind, however many there are. What the actor may not see is not in it.
 *
 * @throws not-found, invalid-query
 */
export async function readProfile(
  session: Session,
  entity: EntityModel,
  id: string,
  options: { readonly limit?: number } = {},
): Promise<Profile> {
  const { limit = DEFAULT_LIMIT } = options;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw InvalidQuery({ reason: `"limit" of a profile is a whole number from 1 to ${MAX_LIMIT}.` });
  const record = await getRecord(session, entity, id);
  const on = record["id"] as string;
  const { timelines, profiles, entities } = session.runtime.composition;
  const kinds = new Map<string, TimelineSource[]>();
  for (const source of timelines.get(entity.name) ?? [])
    kinds.set(source.entity, [...(kinds.get(source.entity) ?? []), source]);
  const dimensions: Record<string, unknown> = {};
  for (const [name, sources] of kinds) {
    const list = await listOf(session, name, sources, on, limit);
    if (list) dimensions[(entities.get(name) as EntityModel).plural] = list;
  }
  for (const { name, read } of profiles.get(entity.name) ?? []) {
    const value = await read(session, on);
    if (value !== undefined) dimensions[name] = value;
  }
  if (!session.runtime.provenance.has(entity.name)) return { record, dimensions };
  return { record, dimensions, provenance: await provenanceIn(session, entity, record) };
}

async function listOf(
  session: Session,
  name: string,
  sources: readonly TimelineSource[],
  on: string,
  limit: number,
): Promise<ProfileList | undefined> {
  const entity = session.entity(name);
  if (!session.access.has(name, "read")) return undefined;
  // The way from these records to the one that is asked for may lead over what the actor may not see.
  const open = sources.filter((source) => isOpen(session, entity, conditionOf(source, on)));
  if (open.length === 0) return undefined;
  const fields = open.flatMap(({ at, title, data, actor }) => [
    at,
    ...title,
    ...data,
    ...(actor ? [actor] : []),
  ]);
  const known = ["id", "createdAt", ...fields].filter((field) => entity.fields.has(field));
  const { items, next } = await findPage(session, entity, {
    where: { or: open.map((source) => conditionOf(source, on)) },
    select: [...new Set(known)],
    orderBy: ["-createdAt"],
    limit,
  });
  return { more: next !== null, items };
}

const conditionOf = ({ where, path }: TimelineSource, on: string) => ({ and: [where, reaching(path, on)] });

function isOpen(session: Session, entity: EntityModel, where: unknown): boolean {
  try {
    parseWhere(entity, where, session);
    return true;
  } catch (error) {
    if (isHidden(session, error)) return false;
    throw error;
  }
}
