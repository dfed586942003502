import type { Context } from "../context/context.js";
import { NotFound, UnknownField } from "../errors/core-errors.js";
import type { MatchPolicy } from "../matching/rule.js";
import type { EntityModel } from "../model/entity-model.js";
import { columnsOf, decodeRecord, type RecordValues } from "../model/record-codec.js";
import { visibleIds } from "../runtime/ids-among.js";
import type { Session } from "../runtime/session.js";
import { and } from "../storage/filter.js";
import { isUuid } from "../util/uuid.js";
import { nearest } from "../util/words.js";
import type { FoundMatch } from "./errors.js";
import { findMatches, type Match } from "./find.js";
import { summed } from "./guard.js";
import { isDismissed } from "./pairs.js";
import { isOpen, pointKind } from "./points.js";
import { type ActiveRules, rulesFor } from "./rules.js";

/** A stranger to every record. */
const NOBODY = "00000000-0000-0000-0000-000000000000";

/**
 * Records that match one by the rules of the tenant, best first, among those that the actor may see; none where no rule is
 * about the entity.
 *
 * @throws not-found; unknown-field for values of fields that the actor does not see
 */
export async function findDuplicates(
  ctx: Context,
  entity: { readonly name: string },
  query: { readonly id?: string; readonly values?: Readonly<Record<string, unknown>> },
): Promise<readonly FoundMatch[]> {
  const session = ctx as Session;
  const view = session.entity(entity.name);
  session.require(view, "read");
  const record =
    query.id === undefined
      ? given(session, entity.name, query.values ?? {})
      : await stored(session, entity.name, query.id);
  const rules = await rulesFor(session, view.full);
  if (!rules) return [];
  const matches = await isDismissed(
    session,
    view.full,
    [record],
    await findMatches(session, view.full, told(session, view.full, rules), [record]),
  );
  const visible = await visibleIds(session, view.full, [...new Set(matches.map(({ id }) => id))]);
  return summed(matches.filter(({ id }) => visible.has(id)));
}

/** Whom one of a list matches: a record that is there, or an earlier one of the list. */
export interface ListedMatch extends Omit<FoundMatch, "id"> {
  /** Null for one of the list. */
  readonly id: string | null;
  /** Index in the list; null for a record that is there. */
  readonly at: number | null;
}

/**
 * What people or things of a list match by the rules of the tenant, each best first: what the actor may see, and those of the
 * list before them. With as many queries as one. Values of fields that the entity does not have are passed over, so that what
 * is to become an account may be given as the lead has it.
 *
 * @param options `policy`: by rules of this policy only, such as `block` for what may not be there twice
 */
export async function matchMany(
  ctx: Context,
  entity: { readonly name: string },
  list: readonly Readonly<Record<string, unknown>>[],
  options: { readonly policy?: MatchPolicy } = {},
): Promise<readonly (readonly ListedMatch[])[]> {
  const session = ctx as Session;
  const view = session.entity(entity.name);
  session.require(view, "read");
  const rules = await rulesFor(session, view.full);
  const chosen = rules
    ? told(session, view.full, rules).rules.filter(({ policy }) => policy === (options.policy ?? policy))
    : [];
  if (!rules || chosen.length === 0) return list.map(() => []);
  const own = new Map<string, number>();
  const records = list.map((values, at) => {
    const known = Object.entries(values).filter(
      ([field, value]) => view.writable.has(field) && value != null,
    );
    const id = session.newId();
    own.set(id, at);
    return { ...given(session, entity.name, Object.fromEntries(known)), ...pointsIn(values), id };
  });
  const matches = await findMatches(session, view.full, { ...rules, rules: chosen }, records);
  const there = [...new Set(matches.map(({ id }) => id))].filter((id) => !own.has(id));
  const visible = await visibleIds(session, view.full, there);
  const byRow = new Map<number, Match[]>();
  for (const match of matches) {
    if (!own.has(match.id) && !visible.has(match.id)) continue;
    const known = byRow.get(match.at);
    if (known) known.push(match);
    else byRow.set(match.at, [match]);
  }
  return records.map((_, at) =>
    summed(byRow.get(at) ?? []).map(({ id, ...rest }) => ({
      ...rest,
      id: own.has(id) ? null : id,
      at: own.get(id) ?? null,
    })),
  );
}

/** The rules without those by addresses that the actor does not see: he could ask for them. */
const told = (session: Session, entity: EntityModel, rules: ActiveRules): ActiveRules => ({
  ...rules,
  rules: rules.rules.filter(({ compares }) =>
    compares.every((name) => pointKind(name) === undefined || isOpen(session, entity, name)),
  ),
});

/** Further addresses of somebody who is not there yet, under the names that rules have for them. */
const pointsIn = (values: Readonly<Record<string, unknown>>): RecordValues =>
  Object.fromEntries(
    Object.entries(values).filter(([name, value]) => pointKind(name) && Array.isArray(value)),
  );

/** Values as they would be kept. */
function given(session: Session, name: string, values: Readonly<Record<string, unknown>>): RecordValues {
  const view = session.entity(name);
  const own: RecordValues = {};
  for (const [field, value] of Object.entries(values)) {
    if (!view.writable.has(field))
      throw UnknownField({ entity: name, field, nearest: nearest(field, view.writable.keys()) });
    own[field] = value;
  }
  session.runtime.composition.validators.get(name)?.standardize(own, session.country);
  return { ...own, id: NOBODY };
}

async function stored(session: Session, name: string, id: string): Promise<RecordValues> {
  const view = session.entity(name);
  const fields = view.fieldList.filter((field) => !field.encrypted && !field.masked);
  const rows = isUuid(id.toLowerCase())
    ? await session.operations().findMany({
        table: view.table,
        columns: columnsOf(fields),
        where: and({ op: "eq", column: "id", value: id.toLowerCase() }, session.visible(view)),
        orderBy: [],
        limit: 1,
      })
    : [];
  const [row] = rows;
  if (!row) throw NotFound({ entity: name, id: id.slice(0, 64) });
  return decodeRecord(fields, row);
}
