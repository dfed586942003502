import type { ExtensionPoint } from "../context/extension-point.js";
import type { JobHandle } from "../context/jobs.js";
import { blockName, blocksOfRule, equalKeys, isEquality } from "../matching/blocking.js";
import { fieldsOf, type Kinds, likenessOf } from "../matching/evaluate.js";
import type { Block, Comparison, MatchExpression, MatchPolicy, MatchRule } from "../matching/rule.js";
import type { EntityModel } from "../model/entity-model.js";
import { decodeRecord } from "../model/record-codec.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Session } from "../runtime/session.js";
import { and } from "../storage/filter.js";
import type { Awaitable } from "../util/awaitable.js";
import { ownPoints, pointKind } from "./points.js";
import { blockDigest, hasMoreThan, markReady, readyBlocks } from "./ready.js";

/** Where plugins and apps put rules that hold in every tenant, and where tenants keep their own. */
export const matchRules: ExtensionPoint<MatchRule> = { name: "crm.matchRules" };
export const MATCH_RULE_ENTITY = "matchRule";
/** The job that makes the keys of records which were there before a rule. */
export const makeMatchKeys: JobHandle<{ readonly entity: string }> = { name: "crm.makeMatchKeys" };

/** A rule with what follows from it. */
export interface ActiveRule {
  readonly name: string;
  readonly policy: MatchPolicy;
  readonly when: MatchExpression;
  /** Fields that it compares. */
  readonly compares: readonly string[];
}

/** The rules of one entity in one tenant. */
export interface ActiveRules {
  /** Those in force: all records have the keys that they need. */
  readonly rules: readonly ActiveRule[];
  /** Of all rules: records are written with the keys of those as well that are not in force yet. */
  readonly blocks: readonly Block[];
  /** Names of the blocks whose keys not all records have yet. */
  readonly waiting: readonly string[];
  /** Those of them whose keys no two records may share. */
  readonly sole: ReadonlySet<string>;
  /** Those by which rules that block find what is alike and not equal: saves that share such a key go one after another. */
  readonly inTurn: readonly Block[];
  /** Fields that are compared: a change of others finds nothing new. */
  readonly fields: ReadonlySet<string>;
  readonly kinds: Kinds;
}

/** Rules that another process has changed are followed after this at the latest. */
export const TTL_MS = 2_000;
const HOUR_MS = 3_600_000;
const MAX_RULES = 200;

type Cached = { readonly until: number; readonly rules: ReadonlyMap<string, ActiveRules> };
const caches = new WeakMap<Runtime, Map<string, Cached>>();

/** Forgets what is known of a tenant's rules: they have changed. */
export function forgetRules(session: Session): void {
  caches.get(session.runtime)?.delete(session.tenant);
}

/** The rules that duplicates of an entity are found by; undefined where there are none. */
export function rulesFor(session: Session, entity: EntityModel): Awaitable<ActiveRules | undefined> {
  const { runtime, tenant } = session;
  if (
    entity.internal ||
    entity.name === MATCH_RULE_ENTITY ||
    !runtime.composition.entities.has(MATCH_RULE_ENTITY)
  )
    return undefined;
  let cache = caches.get(runtime);
  if (!cache) {
    cache = new Map();
    caches.set(runtime, cache);
  }
  const now = runtime.clock.now();
  const known = cache.get(tenant);
  if (known && known.until > now) return known.rules.get(entity.name);
  return readRules(session).then(({ rules, isSettled }) => {
    // What was found to be so in a transaction is so once that has committed.
    if (isSettled) cache.set(tenant, { until: now + TTL_MS, rules });
    return rules.get(entity.name);
  });
}

interface Found {
  readonly rules: ReadonlyMap<string, ActiveRules>;
  readonly isSettled: boolean;
}

async function readRules(session: Session): Promise<Found> {
  const byEntity = await declaredRules(session);
  const active = new Map<string, ActiveRules>();
  let isSettled = true;
  if (byEntity.size === 0) return { rules: active, isSettled };
  const ready = await readyBlocks(session);
  for (const [name, rules] of byEntity) {
    const entity = session.runtime.composition.entities.get(name);
    // A plugin that has gone takes its records along, and not the rules about them.
    if (!entity) continue;
    const isReady = (block: string) => ready.get(name)?.has(blockDigest(session, block)) === true;
    const found = activeRules(entity, rules, isReady);
    if (found.waiting.length === 0) active.set(name, found);
    else if (await hasMoreThan(session, entity, 0)) {
      active.set(name, found);
      const common = session.contributions(matchRules).filter((rule) => rule.entity === name);
      await askForKeys(session, name, activeRules(entity, common, isReady).waiting);
    } else {
      // Where there is nothing yet, every record will have its keys.
      active.set(name, activeRules(entity, rules));
      isSettled = false;
      if (session.scope)
        await markReady(
          session,
          name,
          found.waiting.map((block) => blockDigest(session, block)),
        );
    }
  }
  return { rules: active, isSettled };
}

/** The rules of a tenant by entity, in force or not: its own, and those of the app. */
export async function declaredRules(session: Session): Promise<ReadonlyMap<string, MatchRule[]>> {
  const model = session.model(MATCH_RULE_ENTITY);
  const rows = await session.operations().findMany({
    table: model.table,
    columns: model.columns,
    where: and(session.rows(), { op: "eq", column: "active", value: true }),
    orderBy: [{ column: "id", direction: "asc" }],
    limit: MAX_RULES,
  });
  const own = rows.map((row) => decodeRecord(model.fieldList, row) as unknown as MatchRule);
  const byEntity = new Map<string, MatchRule[]>();
  for (const rule of [...session.contributions(matchRules), ...own])
    byEntity.set(rule.entity, [...(byEntity.get(rule.entity) ?? []), rule]);
  return byEntity;
}

/** The rules of one entity as they are now, past what is remembered; undefined where there are none. */
export async function currentRules(session: Session, entity: EntityModel): Promise<ActiveRules | undefined> {
  return (await readRules(session)).rules.get(entity.name);
}

/** Tells whether the rules of an entity are the same as before: also one that was taken away and made again is another. */
export async function rulesStamp(session: Session, entity: EntityModel): Promise<string> {
  const rules = (await declaredRules(session)).get(entity.name) ?? [];
  const states = rules.map((rule) => {
    const { id, version } = rule as Partial<{ id: string; version: number }>;
    return id === undefined ? rule : [id, version];
  });
  return session.runtime.fingerprint(`rules ${JSON.stringify(states)}`).slice(0, 64);
}

/** Rules of the app have nobody who makes them: whoever meets one that waits sees to its keys, once an hour. */
async function askForKeys(session: Session, entity: string, waiting: readonly string[]): Promise<void> {
  if (waiting.length === 0) return;
  const hour = Math.floor(session.clock.now() / HOUR_MS);
  const which = blockDigest(session, [...waiting].sort().join("\n"));
  await session
    .asSystem({ capability: "crm.duplicates", reason: "make the keys of rules" })
    .jobs.enqueue(makeMatchKeys, { entity }, { dedupeId: `${entity} ${which} ${hour}` });
}

export const kindsOf =
  (entity: EntityModel): Kinds =>
  (field) =>
    pointKind(field) ?? likenessOf(entity.fields.get(field));

/** Blocks that a rule needs the keys of. */
function blocksNeeded(rule: MatchRule, kinds: Kinds): readonly Block[] {
  const sole = rule.policy === "block" ? equalKeys(rule.when, kinds) : [];
  return [...blocksOfRule(rule, kinds), ...sole];
}

/** @param isReady whether all records have the keys of a block; default all */
export function activeRules(
  entity: EntityModel,
  rules: readonly MatchRule[],
  isReady: (block: string) => boolean = () => true,
): ActiveRules {
  const kinds = kindsOf(entity);
  const usable = rules.filter((rule) => ruleProblems(entity, rule).length === 0);
  const inForce = usable.filter((rule) =>
    blocksNeeded(rule, kinds).every((block) => isReady(blockName(block))),
  );
  const sole = inForce
    .filter(({ policy }) => policy === "block")
    .flatMap(({ when }) => equalKeys(when, kinds));
  const inTurn = inForce
    .filter(({ policy, when }) => policy === "block" && !isEquality(when))
    .flatMap((rule) => blocksOfRule(rule, kinds));
  const blocks = new Map<string, Block>();
  for (const block of usable.flatMap((rule) => blocksNeeded(rule, kinds)))
    blocks.set(blockName(block), block);
  const fields = new Set<string>();
  for (const block of blocks.values())
    for (const part of block) for (const field of fieldsOf(part)) fields.add(field);
  for (const rule of usable)
    for (const one of comparisonsOf(rule.when)) for (const field of fieldsOf(one)) fields.add(field);
  for (const name of [...fields]) for (const own of ownFields(entity, name)) fields.add(own);
  return {
    rules: inForce.map(({ name, policy = "allow", when }) => ({
      name,
      policy,
      when,
      compares: comparisonsOf(when)
        .flatMap(fieldsOf)
        .flatMap((name) => [name, ...ownFields(entity, name)]),
    })),
    blocks: [...blocks.values()],
    waiting: [...blocks.keys()].filter((name) => !isReady(name)),
    sole: new Set(sole.map(blockName)),
    inTurn: [...new Map(inTurn.map((block) => [blockName(block), block])).values()],
    fields,
    kinds,
  };
}

/** The fields that stand behind a name for all addresses of a record. */
function ownFields(entity: EntityModel, name: string): string[] {
  const kind = pointKind(name);
  return kind === undefined ? [] : ownPoints(entity, kind).map((field) => field.name);
}

/** All comparisons of an expression. */
export function comparisonsOf(when: MatchExpression): readonly Pick<Comparison, "field" | "as">[] {
  if ("and" in when) return when.and.flatMap(comparisonsOf);
  if ("or" in when) return when.or.flatMap(comparisonsOf);
  if ("weigh" in when) return when.weigh;
  if ("probability" in when) return when.probability.comparisons;
  return [when];
}

/** What keeps a rule from being used. */
export function ruleProblems(entity: EntityModel | undefined, rule: MatchRule): string[] {
  if (!entity || entity.internal) return [`no plugin declares the entity "${rule.entity}"`];
  const named = [...comparisonsOf(rule.when), ...(rule.blocks ?? []).flat()].flatMap(fieldsOf);
  const together = [...comparisonsOf(rule.when), ...(rule.blocks ?? []).flat()].filter(
    ({ field }) => typeof field !== "string" && field.some((name) => pointKind(name)),
  );
  const problems = named.flatMap((name) => {
    const kind = pointKind(name);
    if (kind !== undefined)
      return ownPoints(entity, kind).length > 0 ? [] : [`${entity.name} has no field for ${kind} addresses`];
    const field = entity.fields.get(name);
    if (!field) return [`${entity.name} has no field "${name}"`];
    if (field.encrypted) return [`"${name}" is encrypted, and cannot be compared`];
    return field.kind === "json" || field.kind === "money"
      ? [`"${name}" holds ${field.kind}, which is not compared`]
      : [];
  });
  if (together.length > 0)
    problems.push("all addresses of a record are compared by themselves: not in a list of fields");
  if (named.length === 0) problems.push("it compares nothing");
  if (blocksOfRule(rule, kindsOf(entity)).length === 0)
    problems.push("nothing of it tells which records to compare");
  return [...new Set(problems)];
}
