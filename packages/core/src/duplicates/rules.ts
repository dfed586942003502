import type { ExtensionPoint } from "../context/extension-point.js";
import { blockName, blocksOfRule, equalKeys } from "../matching/blocking.js";
import { fieldsOf, type Kinds, likenessOf } from "../matching/evaluate.js";
import type { Block, Comparison, MatchExpression, MatchPolicy, MatchRule } from "../matching/rule.js";
import type { EntityModel } from "../model/entity-model.js";
import { decodeRecord } from "../model/record-codec.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Session } from "../runtime/session.js";
import { and } from "../storage/filter.js";

/** Where plugins and apps put rules that hold in every tenant, and where tenants keep their own. */
export const matchRules: ExtensionPoint<MatchRule> = { name: "crm.matchRules" };
export const MATCH_RULE_ENTITY = "matchRule";

/** A rule with what follows from it. */
export interface ActiveRule {
  readonly name: string;
  readonly policy: MatchPolicy;
  readonly when: MatchExpression;
}

/** The rules of one entity in one tenant. */
export interface ActiveRules {
  readonly rules: readonly ActiveRule[];
  readonly blocks: readonly Block[];
  /** Those of them whose keys no two records may share. */
  readonly sole: ReadonlySet<string>;
  /** Fields that are compared: a change of others finds nothing new. */
  readonly fields: ReadonlySet<string>;
  readonly kinds: Kinds;
}

/** Rules that another process has changed are followed after this at the latest. */
const TTL_MS = 2_000;
const MAX_RULES = 200;

type Cached = { readonly until: number; readonly rules: ReadonlyMap<string, ActiveRules> };
const caches = new WeakMap<Runtime, Map<string, Cached>>();

/** Forgets what is known of a tenant's rules: they have changed. */
export function forgetRules(session: Session): void {
  caches.get(session.runtime)?.delete(session.tenant);
}

/** The rules that duplicates of an entity are found by; undefined where there are none. */
export async function rulesFor(session: Session, entity: EntityModel): Promise<ActiveRules | undefined> {
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
  let known = cache.get(tenant);
  if (!known || known.until <= now) {
    known = { until: now + TTL_MS, rules: await readRules(session) };
    // One that is being written is not known to others yet.
    cache.set(tenant, known);
  }
  return known.rules.get(entity.name);
}

async function readRules(session: Session): Promise<ReadonlyMap<string, ActiveRules>> {
  const model = session.model(MATCH_RULE_ENTITY);
  const rows = await session.operations().findMany({
    table: model.table,
    columns: model.columns,
    where: and(session.rows(), { op: "eq", column: "active", value: true }),
    orderBy: [{ column: "id", direction: "asc" }],
    limit: MAX_RULES,
  });
  const own = rows.map((row) => decodeRecord(model.fieldList, row) as unknown as MatchRule);
  const common = session.contributions(matchRules);
  const byEntity = new Map<string, MatchRule[]>();
  for (const rule of [...common, ...own])
    byEntity.set(rule.entity, [...(byEntity.get(rule.entity) ?? []), rule]);
  const active = new Map<string, ActiveRules>();
  for (const [name, rules] of byEntity) {
    const entity = session.runtime.composition.entities.get(name);
    // A plugin that has gone takes its records along, and not the rules about them.
    if (entity) active.set(name, activeRules(entity, rules));
  }
  return active;
}

export const kindsOf =
  (entity: EntityModel): Kinds =>
  (field) =>
    likenessOf(entity.fields.get(field));

export function activeRules(entity: EntityModel, rules: readonly MatchRule[]): ActiveRules {
  const kinds = kindsOf(entity);
  const usable = rules.filter((rule) => ruleProblems(entity, rule).length === 0);
  const sole = usable
    .filter(({ policy }) => policy === "block")
    .flatMap(({ when }) => equalKeys(when, kinds));
  const blocks = new Map<string, Block>();
  for (const block of [...usable.flatMap((rule) => blocksOfRule(rule, kinds)), ...sole])
    blocks.set(blockName(block), block);
  const fields = new Set<string>();
  for (const block of blocks.values())
    for (const part of block) for (const field of fieldsOf(part)) fields.add(field);
  for (const rule of usable)
    for (const one of comparisonsOf(rule.when)) for (const field of fieldsOf(one)) fields.add(field);
  return {
    rules: usable.map(({ name, policy = "allow", when }) => ({ name, policy, when })),
    blocks: [...blocks.values()],
    sole: new Set(sole.map(blockName)),
    fields,
    kinds,
  };
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
  const problems = named.flatMap((name) => {
    const field = entity.fields.get(name);
    if (!field) return [`${entity.name} has no field "${name}"`];
    if (field.encrypted) return [`"${name}" is encrypted, and cannot be compared`];
    return field.kind === "json" || field.kind === "money"
      ? [`"${name}" holds ${field.kind}, which is not compared`]
      : [];
  });
  if (named.length === 0) problems.push("it compares nothing");
  if (blocksOfRule(rule, kindsOf(entity)).length === 0)
    problems.push("nothing of it tells which records to compare");
  return [...new Set(problems)];
}
