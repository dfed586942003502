import type { Context } from "../context/context.js";
import { InvalidArgument } from "../errors/value-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import { clearedValue, isPersonal, type PersonalModel } from "../privacy/personal-model.js";
import type { Session } from "../runtime/session.js";
import { and, type Filter } from "../storage/filter.js";
import { toInstant } from "../util/clock.js";
import { eraseRows } from "./erase-rows.js";
import { eraseHistory } from "./history.js";
import { asSystem, permitted } from "./require-permission.js";
import { pageOf } from "./rows.js";

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
 * records are taken in the order of their ids, and none twice.
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
  const counts: Record<string, number> = {};
  let left = options.limit ?? 10_000;
  for (const rule of rules) {
    const { model, where } = planOf(session, rule);
    const { name } = model.entity;
    counts[name] ??= 0;
    let after: string | undefined;
    while (left > 0) {
      options.signal?.throwIfAborted();
      const page = await pageOf(session, model.entity, where, after);
      const rows = page.slice(0, left);
      if (rows.length === 0) break;
      await session.atomically(async (tx) => {
        await eraseRows(tx, model, rows);
        await eraseHistory(
          tx,
          model,
          rows.map((row) => row["id"] as string),
        );
      });
      counts[name] += rows.length;
      left -= rows.length;
      after = rows[rows.length - 1]?.["id"] as string;
    }
  }
  await session.runtime.storage.scrub?.();
  return counts;
}

function planOf(session: Session, rule: RetentionRule): { model: PersonalModel; where: Filter } {
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
    addresses: [],
    mentions: [],
    erase: "anonymise",
    cleared,
    exported: [],
    isAbout: () => true,
    onErase: [],
  };
}
