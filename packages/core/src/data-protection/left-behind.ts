import type { RecordValues } from "../model/record-codec.js";
import type { Subject } from "../privacy/define-personal-data.js";
import { mayBeOn, type PersonalModel } from "../privacy/personal-model.js";
import type { Session } from "../runtime/session.js";
import { and, type Filter } from "../storage/filter.js";
import { comparable } from "../util/comparable.js";
import { isUuid } from "../util/uuid.js";
import { belongs, mentions, unattached } from "./belongs.js";
import { purgedOf, type Trace } from "./purged-records.js";
import { ofTenant, PAGE } from "./rows.js";

/** Ids that a walk over the journal looks for at once: each is a comparison with the text of entries. */
const NEEDLES = 100;

/**
 * What is about a subject without a reference saying so any more: records that were purged and are only in the journal,
 * and those that hung on such a record and were let go by its purge. Entities are walked in the order in which
 * they hang on one another, since what is gone may have been tied over something that is gone itself.
 */
export async function leftBehind(session: Session, subject: Subject): Promise<Subject> {
  const also = new Map<string, readonly string[]>();
  const found: Subject = { ...subject, also };
  for (const models of levels(session.runtime.composition.personal))
    for await (const { model, ids } of tracesOfSubject(session, models, found)) {
      const { name } = model.entity;
      also.set(name, [...new Set([...(also.get(name) ?? []), ...ids])]);
    }
  return found;
}

/** Ids of some entities that the journal alone ties to a subject. One walk over the tenant's journal. */
export async function* tracesOfSubject(
  session: Session,
  models: readonly PersonalModel[],
  subject: Subject,
): AsyncGenerator<{ readonly model: PersonalModel; readonly ids: readonly string[] }> {
  const names = models.filter(({ entity }) => entity.journal).map(({ entity }) => entity.name);
  if (names.length === 0) return;
  const { personal } = session.runtime.composition;
  const parents = new Set(models.flatMap((model) => parentNames(model, personal)));
  const gone = await goneAmong(session, subject, [...parents]);
  for (let i = 0; i === 0 || i < gone.length; i += NEEDLES)
    for await (const traces of purgedOf(session, names, gone.slice(i, i + NEEDLES)))
      for (const model of models) {
        const own = traces.filter(({ entity }) => entity === model.entity.name);
        const ids = await aboutSubject(session, model, own, subject);
        if (ids.length > 0) yield { model, ids };
      }
}

/** Entities that records of this one may hang on. */
function parentNames(model: PersonalModel, personal: ReadonlyMap<string, PersonalModel>): string[] {
  const named = model.by.map((field) => field.target as string);
  const others = [...personal.values()].filter((other) => mayBeOn(model, other, personal));
  return [...named, ...others.map(({ entity }) => entity.name)];
}

/** What a record hangs on, as `entity:id`. */
function linksOf({ by, on }: PersonalModel, values: RecordValues): string[] {
  const links = by.map(({ name, target }) => `${target}:${values[name]}`);
  if (on) links.push(`${values[on.entity.name]}:${values[on.record.name]}`);
  return links;
}

/** Entities that are no people, by how far from people they are: one walk over the journal for each step. */
function levels(personal: ReadonlyMap<string, PersonalModel>): PersonalModel[][] {
  const depth = (model: PersonalModel): number =>
    model.person
      ? 0
      : 1 +
        Math.max(
          0,
          ...parentNames(model, personal).flatMap((target) => {
            const parent = personal.get(target);
            return parent && parent !== model ? [depth(parent)] : [];
          }),
        );
  const found: PersonalModel[][] = [];
  for (const model of personal.values()) {
    if (model.person) continue;
    const at = depth(model) - 1;
    found[at] = [...(found[at] ?? []), model];
  }
  return found.filter((level) => level !== undefined);
}

/** Ids of a subject's records of an entity, as far as they are known by their ids. */
export const idsOf = ({ persons, also }: Subject, entity: string): string[] => [
  ...(persons.get(entity) ?? []),
  ...(also?.get(entity) ?? []),
];

/** Ids of the subject's records of these entities that are in their tables no more. */
async function goneAmong(session: Session, subject: Subject, entities: readonly string[]): Promise<string[]> {
  const gone: string[] = [];
  for (const entity of entities) {
    const model = session.runtime.composition.personal.get(entity);
    if (model) gone.push(...(await missing(session, model, idsOf(subject, entity))));
  }
  return gone;
}

/** Those of some ids of which the table has no record. */
export async function missing(
  session: Session,
  model: PersonalModel,
  ids: readonly string[],
): Promise<string[]> {
  const gone: string[] = [];
  for (let i = 0; i < ids.length; i += PAGE) {
    const some = ids.slice(i, i + PAGE);
    const there = await present(session, model, { op: "in", column: "id", values: some });
    gone.push(...some.filter((id) => !there.has(id)));
  }
  return gone;
}

async function present(session: Session, { entity }: PersonalModel, where: Filter): Promise<Set<string>> {
  const rows = await session.operations().findMany({
    table: entity.table,
    columns: ["id"],
    where: and(ofTenant(session), where),
    orderBy: [],
    limit: PAGE,
  });
  return new Set(rows.map((row) => row["id"] as string));
}

/** The records of a page of traces that are about the subject. */
async function aboutSubject(
  session: Session,
  model: PersonalModel,
  traces: readonly Trace[],
  subject: Subject,
): Promise<string[]> {
  if (traces.length === 0) return [];
  const tied = await parentsOf(session, model, traces, subject);
  const leads = ({ values }: Trace) => linksOf(model, values).some((link) => tied.has(link));
  const unlinked = traces.filter((trace) => trace.by === "unlink" && leads(trace)).map(({ id }) => id);
  const purged = traces.filter(
    (trace) => trace.by === "purge" && (leads(trace) || tells(model, trace, subject)),
  );
  // What is tied to somebody again is about him.
  const some: Filter = { op: "in", column: "id", values: unlinked };
  const free = unlinked.length > 0 ? await present(session, model, and(some, unattached(model))) : new Set();
  const gone = new Set(unlinked.length > 0 ? await missing(session, model, unlinked) : []);
  return [...purged.map(({ id }) => id), ...unlinked.filter((id) => free.has(id) || gone.has(id))];
}

/** Records that traces refer to and that are the subject's, as `entity:id`. */
async function parentsOf(
  session: Session,
  model: PersonalModel,
  traces: readonly Trace[],
  subject: Subject,
): Promise<ReadonlySet<string>> {
  const tied = new Set<string>();
  const links = new Set(traces.flatMap(({ values }) => linksOf(model, values)));
  const byTarget = new Map<string, string[]>();
  for (const link of links) {
    const [target = "", id = ""] = link.split(":");
    if (isUuid(id)) byTarget.set(target, [...(byTarget.get(target) ?? []), id]);
  }
  for (const [target, ids] of byTarget) {
    const parent = session.runtime.composition.personal.get(target);
    if (!parent || !parentNames(model, session.runtime.composition.personal).includes(target)) continue;
    const own = new Set(idsOf(subject, parent.entity.name));
    const rest = parent.person ? [] : ids.filter((id) => !own.has(id));
    if (rest.length > 0) {
      const where = and({ op: "in", column: "id", values: rest }, await belongs(session, parent, subject));
      for (const id of await present(session, parent, where)) own.add(id);
    }
    for (const id of ids) if (own.has(id)) tied.add(`${target}:${id}`);
  }
  return tied;
}

/** Whether what a purged record held names an address of the subject, as `belongs` and `mentions` ask of records. */
function tells(model: PersonalModel, { values }: Trace, subject: Subject): boolean {
  const own = new Set([...subject.addresses.email, ...subject.addresses.phone].map(comparable));
  if (own.size === 0) return false;
  const holds = model.addresses.some(({ field }) => {
    const address = values[field.name];
    return typeof address === "string" && own.has(comparable(address));
  });
  const isFree = model.by.every(({ name }) => values[name] == null);
  return holds || (isFree && mentions(model, values, subject));
}
