import type { ExtensionPoint } from "../../context/extension-point.js";
import { isCormError } from "../../errors/corm-error.js";
import type { EntityModel } from "../../model/entity-model.js";
import type { FieldModel } from "../../model/field-model.js";
import { parseWhere } from "../../repository/parse-where.js";
import type { Session } from "../../runtime/session.js";
import { qualityRule } from "../entities/quality.js";
import { InvalidQualityRule } from "../errors.js";

interface Common {
  /** Of all rules of an entity, one has it. */
  readonly name: string;
  readonly entity: string;
  /** Only records that satisfy this, as in `find`. Of the entity's own fields. */
  readonly where?: Readonly<Record<string, unknown>>;
}

/** Says which records of an entity want to be looked at. Nothing is changed on them. */
export type QualityRule = Common &
  (
    | {
        /** `invalid`: the value would not be taken today. `incomplete`: there is none. */
        readonly kind: "invalid" | "incomplete";
        readonly fields: readonly string[];
      }
    | {
        readonly kind: "stale";
        /** Days after which a record is. */
        readonly days: number;
        /** A day or an instant that they are counted from; where it is empty, `createdAt` is. Default `updatedAt`. */
        readonly by?: string;
      }
  );

/** Where plugins and apps put rules that hold in every tenant. Tenants keep their own as `qualityRule`. */
export const qualityRules: ExtensionPoint<QualityRule> = { name: "crm.qualityRules" };

const MAX_RULES = 200;

/** The rules of all entities: those of the app, and the tenant's own. */
export async function rulesByEntity(session: Session): Promise<ReadonlyMap<string, QualityRule[]>> {
  const own = await session.repo(qualityRule).find({ where: { active: true }, limit: MAX_RULES });
  // Findings of a rule that is left out would be closed as mended.
  if (own.next !== null) {
    const rule = own.items.at(-1)?.name as string;
    throw InvalidQualityRule({ rule, problems: [`more than ${MAX_RULES} rules are active: turn some off`] });
  }
  const byEntity = new Map<string, QualityRule[]>();
  for (const rule of [...session.contributions(qualityRules), ...own.items.map(ruleOf)]) {
    const rules = byEntity.get(rule.entity) ?? [];
    byEntity.set(rule.entity, [...rules, rule]);
  }
  return byEntity;
}

type Kept = Pick<QualityRule, "name" | "entity" | "kind"> & {
  readonly fields?: readonly string[] | null;
  readonly days?: number | null;
  readonly by?: string | null;
  readonly where?: Readonly<Record<string, unknown>> | null;
};

/** A rule of the tenant as what plugins declare: what it leaves empty is not there. */
export function ruleOf({ name, entity, kind, fields, days, by, where }: Kept): QualityRule {
  const common = { name, entity, ...(where ? { where } : {}) };
  return kind === "stale"
    ? { ...common, kind, days: days ?? 0, ...(by ? { by } : {}) }
    : { ...common, kind, fields: fields ?? [] };
}

/**
 * What keeps a rule from being used. Of fields that the caller does not see he makes none: who sees how much it finds would
 * learn of them.
 */
export function ruleProblems(session: Session, rule: QualityRule): string[] {
  const full = session.runtime.composition.entities.get(rule.entity);
  if (!full || full.internal) return [`no plugin declares the entity "${rule.entity}"`];
  if (full.access.attached && full.access.readWith)
    return [`"${rule.entity}" tells of other records, and has no findings itself`];
  const entity = session.entity(rule.entity);
  const named = rule.kind === "stale" ? [rule.by ?? "updatedAt"] : rule.fields;
  const problems = named.flatMap((name) => (entity.queryable.has(name) ? [] : [`no field "${name}"`]));
  if (rule.kind === "stale") {
    const { kind, encrypted } = entity.fields.get(rule.by ?? "updatedAt") ?? {};
    if (!(Number.isInteger(rule.days) && rule.days >= 1)) problems.push(`"days" is at least 1`);
    if (kind && ((kind !== "instant" && kind !== "date") || encrypted))
      problems.push(`"${rule.by}" is neither a day nor an instant to count from`);
  } else {
    if (rule.fields.length === 0) problems.push(`"fields" names none`);
    if (rule.kind === "invalid")
      for (const name of rule.fields)
        if (entity.fields.get(name)?.encrypted) problems.push(`"${name}" is encrypted, and is not read`);
  }
  return [...problems, ...conditionProblems(session, entity, rule.where)];
}

function conditionProblems(session: Session, entity: EntityModel, where: unknown): string[] {
  if (where === undefined) return [];
  try {
    parseWhere(entity, where, session);
  } catch (error) {
    if (!isCormError(error) || error.status >= 500) throw error;
    return [error.message.replace(/\.$/, "")];
  }
  const others = conditionFields(where).filter((name) => !fieldNamed(entity, name));
  return others.map((name) => `"where" asks for "${name}", which is no field of ${entity.name} itself`);
}

/** Fields that a finding of a rule tells something of. */
export function toldFields(entity: EntityModel, rule: QualityRule, field: string): string {
  const asked = rule.where ? conditionFields(rule.where) : [];
  const names = asked.flatMap((name) => fieldNamed(entity, name)?.name ?? []);
  return `,${[...new Set([field, ...names])].sort().join(",")},`;
}

/** Money has a condition on its currency: `amount.currency`. */
const fieldNamed = (entity: EntityModel, name: string): FieldModel | undefined =>
  entity.fields.get(name.replace(/\.currency$/, ""));

/** Every name that a condition asks for, at any depth. */
function conditionFields(where: unknown): string[] {
  if (typeof where !== "object" || where === null) return [];
  return Object.entries(where).flatMap(([name, condition]) => {
    if (name === "and" || name === "or") return (condition as unknown[]).flatMap(conditionFields);
    return name === "not" ? conditionFields(condition) : [name];
  });
}
