import { InvalidQuery, UnknownField } from "../errors/core-errors.js";
import type { EntityModel, RelationModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type { QueryScope } from "../runtime/query-scope.js";
import { always, and, type Filter, never, not, or } from "../storage/filter.js";
import { nearest } from "../util/words.js";
import { Budget } from "./budget.js";
import { narrowed } from "./narrowed.js";
import { conditionFilter, nothingGiven } from "./parse-condition.js";

const MAX_DEPTH = 16;

/**
 * Reads a condition, also an untrusted one from a request: every name is looked up in the model, every value checked
 * against its field.
 *
 * @throws unknown-field, invalid-query
 */
export function parseWhere(
  entity: EntityModel,
  where: unknown,
  scope: QueryScope,
  budget = new Budget(),
): Filter {
  return where === undefined ? always : whereFilter(entity, where, scope, budget, 0);
}

function whereFilter(
  entity: EntityModel,
  where: unknown,
  scope: QueryScope,
  budget: Budget,
  depth: number,
): Filter {
  if (typeof where !== "object" || where === null || Array.isArray(where)) {
    throw InvalidQuery({
      reason: `A condition on ${entity.name} must be an object, such as { field: value }.`,
    });
  }
  if (depth > MAX_DEPTH) throw InvalidQuery({ reason: `The condition nests deeper than ${MAX_DEPTH}.` });
  const parts: Filter[] = [];
  for (const [name, condition] of Object.entries(where)) {
    if (condition === undefined) throw nothingGiven(`${entity.name}.${name}`);
    budget.spendParts(1);
    if (name === "and" || name === "or") {
      if (!Array.isArray(condition)) throw InvalidQuery({ reason: `"${name}" takes a list of conditions.` });
      budget.spendParts(condition.length);
      const filters = condition.map((part) => whereFilter(entity, part, scope, budget, depth + 1));
      parts.push(name === "and" ? and(...filters) : or(...filters));
    } else if (name === "not") {
      parts.push(not(whereFilter(entity, condition, scope, budget, depth + 1)));
    } else {
      parts.push(entryFilter(entity, name, condition, scope, budget, depth));
    }
  }
  return and(...parts);
}

function entryFilter(
  entity: EntityModel,
  name: string,
  condition: unknown,
  scope: QueryScope,
  budget: Budget,
  depth: number,
): Filter {
  const field = entity.queryable.get(name);
  if (field) return conditionFilter(entity, field, condition, scope, budget);
  const relation = entity.relations.get(name);
  if (relation) return relationFilter(entity, relation, condition, scope, budget, depth);
  const money = name.endsWith(".currency")
    ? entity.queryable.get(name.slice(0, -".currency".length))
    : undefined;
  if (money?.kind === "money" && !money.encrypted)
    return conditionFilter(entity, currencyField(money), condition, scope, budget);
  throw UnknownField({
    entity: entity.name,
    field: name,
    nearest: nearest(name, [...entity.queryable.keys(), ...entity.relations.keys()]),
  });
}

/** The currency column of a money field, as a field of its own. */
export function currencyField(field: FieldModel): FieldModel {
  const column = field.columns[1] as FieldModel["columns"][number];
  return { ...field, name: `${field.name}.currency`, kind: "string", columns: [column], column: column.name };
}

function relationFilter(
  entity: EntityModel,
  relation: RelationModel,
  condition: unknown,
  scope: QueryScope,
  budget: Budget,
  depth: number,
): Filter {
  const target = scope.entity(relation.target);
  const inner = (where: unknown): Filter =>
    and(scope.visible(target), whereFilter(target, where, scope, budget, depth + 1));
  if (relation.kind === "one") {
    const exists = (where: Filter): Filter => ({
      op: "exists",
      table: target.table,
      local: relation.field.column,
      foreign: "id",
      where,
    });
    // A record that is hidden or in the recycle bin is as if it were not there.
    return condition === null ? not(exists(scope.visible(target))) : exists(inner(condition));
  }
  const foreign = target.full.fields.get(relation.foreign) as FieldModel;
  const exists = (where: Filter): Filter =>
    where.op === "const" && !where.value
      ? never
      : {
          op: "exists",
          table: target.table,
          local: "id",
          foreign: foreign.column,
          where: relation.of ? narrowed(target, where, relation.of) : where,
        };
  const parts: Filter[] = [];
  for (const [quantifier, where] of Object.entries(condition ?? {})) {
    if (quantifier === "some") parts.push(exists(inner(where)));
    else if (quantifier === "none") parts.push(not(exists(inner(where))));
    else if (quantifier === "every") {
      const counterexample = and(
        scope.visible(target),
        not(whereFilter(target, where, scope, budget, depth + 1)),
      );
      parts.push(not(exists(counterexample)));
    } else {
      throw InvalidQuery({
        reason: `"${entity.name}.${relation.name}" leads to many records: use { some | none | every: { … } }, not "${quantifier}".`,
      });
    }
  }
  if (parts.length === 0) {
    throw InvalidQuery({ reason: `"${entity.name}.${relation.name}" needs { some | none | every: { … } }.` });
  }
  return and(...parts);
}
