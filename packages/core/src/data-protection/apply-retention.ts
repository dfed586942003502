import type { Context } from "../context/context.js";
import { InvalidArgument } from "../errors/value-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import { clearedValue, isPersonal, type PersonalModel } from "../privacy/personal-model.js";
import type { Session } from "../runtime/session.js";
import { and, type Filter, never } from "../storage/filter.js";
import { toInstant } from "../util/clock.js";
import { lowestUuid } from "../util/uuid.js";
import { eraseRows } from "./erase-rows.js";
import { eraseHistory } from "./history.js";
import { asSystem, permitted } from "./require-permission.js";
import { PAGE, pageOf } from "./rows.js";

/** Records of an entity that are not kept longer than a number of days. */
export interface RetentionRule {
  readonly entity: string;
  /** An instant or date field that says how old a record is. Default `createdAt`. */
  readonly by?: string;
  /** Days, at least 1. */
  readonly days: number;
  /** `anonymise` clears what `definePersonalData` says is personal. */
  readonly action: "delete" | "anonymise";
}

export interface RetentionOptions {
  /** Most records of one run, over all rules. Default 10,000; the next run goes on. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

const DAY_MS = 86_400_000;

/**
 * Deletes or anonymises what is older than it may be, with its history, in batches. For a job that runs every night:
 * records are taken in the order of their ids, and none twice. What plugins keep for some days only
 * (`definePersonalData({ days })`) is taken first, without a rule.
 *
 * @param ctx of an actor with the permission `privacy.erase`
 * @returns how many, by entity
 */
export async function applyRetention(
  ctx: Context,
  rules: readonly RetentionRule[],
  options: RetentionOptions = {},
): Promise<Readonly<Record<string, number>>> {
  const session = asSystem(permitted(ctx, "privacy.erase"), "retention");
  const plans = rules.map((rule) => planOf(session, rule));
  const counts: Record<string, number> = {};
  let left = options.limit ?? 10_000;
  for (const model of session.runtime.composition.personal.values()) {
    if (model.days === null) continue;
    const count = await take(
      session,
      { model, where: outlived(session, model.entity, model.days) },
      left,
      options.signal,
    );
    if (count > 0) counts[model.entity.name] = count;
    left -= count;
  }
  for (const plan of plans) {
    const { name } = plan.model.entity;
    const count = await take(session, plan, left, options.signal);
    counts[name] = (counts[name] ?? 0) + count;
    left -= count;
  }
  await session.runtime.storage.scrub?.();
  return counts;
}

/** Takes one page at most of what an entity keeps longer than its term, for who uses the entity anyway. */
export async function applyTerm(session: Session, entity: { readonly name: string }): Promise<number> {
  const model = session.runtime.composition.personal.get(entity.name);
  if (!model || model.days === null) return 0;
  return take(session, { model, where: outlived(session, model.entity, model.days) }, PAGE);
}

interface Plan {
  readonly model: PersonalModel;
  readonly where: Filter;
}

async function take(
  session: Session,
  { model, where }: Plan,
  limit: number,
  signal?: AbortSignal,
): Promise<number> {
  let taken = 0;
  let after: string | undefined;
  while (taken < limit) {
    signal?.throwIfAborted();
    const page = await pageOf(session, model.entity, where, after);
    const rows = page.slice(0, limit - taken);
    if (rows.length === 0) break;
    await session.atomically(async (tx) => {
      await eraseRows(tx, model, rows);
      await eraseHistory(
        tx,
        model,
        rows.map((row) => row["id"] as string),
      );
    });
    taken += rows.length;
    after = rows[rows.length - 1]?.["id"] as string;
  }
  return taken;
}

/** Ids are made in the order of time: what is old stands at the beginning of the index. */
function outlived(session: Session, entity: EntityModel, days: number): Filter {
  const limit = session.clock.now() - days * DAY_MS;
  const created = entity.fields.get("createdAt");
  if (limit < 0 || !created) return never;
  return and(
    { op: "lt", column: "id", value: lowestUuid(limit) },
    { op: "lt", column: created.column, value: toInstant(limit) },
  );
}

function planOf(session: Session, rule: RetentionRule): Plan {
  const { entities, personal } = session.runtime.composition;
  const wrong = (reason: string) => InvalidArgument({ argument: `rule of ${rule.entity}`, reason });
  const entity = entities.get(rule.entity);
  if (!entity) throw wrong("no plugin declares this entity");
  if (!(Number.isFinite(rule.days) && rule.days >= 1)) throw wrong("days must be at least 1");
  const field = entity.fields.get(rule.by ?? "createdAt");
  if (!field || (field.kind !== "instant" && field.kind !== "date") || field.encrypted)
    throw wrong(`"${rule.by}" is not an instant or date to tell its age by`);
  const limit = toInstant(session.clock.now() - rule.days * DAY_MS);
  const old: Filter = {
    op: "lt",
    column: field.column,
    value: field.kind === "date" ? limit.slice(0, 10) : limit,
  };
  const declared = personal.get(rule.entity);
  const model: PersonalModel = { ...(declared ?? undeclared(entity)), erase: rule.action };
  if (rule.action === "delete") return { model, where: old };
  // What was cleared before has nothing left to clear.
  const some = model.cleared.filter(({ value }) => value === null).map(({ field: { column } }) => column);
  const held = some.map((column): Filter => ({ op: "null", column, is: false }));
  const changed: Filter[] = model.cleared
    .filter(
      ({ field: { kind }, value }) => typeof value === "string" && (kind === "string" || kind === "text"),
    )
    .map(({ field: { column }, value }) => ({ op: "ne", column, value: value as string }));
  if (held.length + changed.length === 0) throw wrong("nothing of it would be anonymised");
  return { model, where: and(old, { op: "or", of: [...held, ...changed] }) };
}

/** An entity about nobody may be too old as well. */
function undeclared(entity: EntityModel): PersonalModel {
  const cleared = entity.inputFields.filter(isPersonal).flatMap((field) => {
    const found = clearedValue(field, {});
    return "value" in found ? [{ field, value: found.value }] : [];
  });
  return {
    entity,
    person: false,
    by: [],
    on: null,
    addresses: [],
    mentions: [],
    files: [],
    erase: "anonymise",
    days: null,
    cleared,
    exported: [],
    isAbout: () => true,
    onErase: [],
  };
}
