import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type { AddressKind, PersonalDataOptions } from "../privacy/define-personal-data.js";
import { clearedValue, isPersonal, type PersonalModel } from "../privacy/personal-model.js";
import { nearest } from "../util/words.js";
import type { AnyPlugin } from "./plugin.js";

type Options = PersonalDataOptions<Record<string, unknown>>;

interface Part {
  readonly owner: string;
  readonly options: Options;
}

/** What the plugins say of personal data, by entity; and what is wrong or missing in it. */
export function composePersonalData(
  order: readonly AnyPlugin[],
  entities: ReadonlyMap<string, EntityModel>,
  problems: string[],
): Map<string, PersonalModel> {
  const parts = new Map<string, Part[]>();
  for (const plugin of order) {
    for (const { entity, options } of plugin.parts.privacy ?? []) {
      if (!entities.has(entity)) {
        problems.push(
          `plugin "${plugin.name}": definePersonalData is on the entity "${entity}", which no plugin declares`,
        );
        continue;
      }
      parts.set(entity, [...(parts.get(entity) ?? []), { owner: plugin.name, options }]);
    }
  }
  const models = new Map<string, PersonalModel>();
  for (const [name, list] of parts)
    models.set(name, personalModel(entities.get(name) as EntityModel, list, problems));
  problems.push(...forgotten(entities, models, parts));
  problems.push(...circles(models));
  return models;
}

function personalModel(entity: EntityModel, parts: readonly Part[], problems: string[]): PersonalModel {
  const fieldsOf = (list: "by" | "files" | "keep" | "mentions" | "others" | "unrelated"): FieldModel[] =>
    parts.flatMap(({ owner, options }) =>
      (options[list] ?? []).flatMap((name) => known(entity, name, owner, list, problems)),
    );
  const by = fieldsOf("by");
  for (const field of [...by, ...fieldsOf("unrelated")]) {
    if (field.kind !== "reference")
      problems.push(`definePersonalData of "${entity.name}": "${field.name}" is not a reference`);
  }
  const ons = parts.flatMap(({ owner, options: { on } }) => (on ? [{ owner, on }] : []));
  const [on = entity.access.attached ?? null] = ons.flatMap(({ owner, on: { entity: name, record } }) => {
    const [named, id] = [name, record].map((field) => known(entity, field, owner, "on", problems)[0]);
    return named && id ? [{ entity: named, record: id }] : [];
  });
  if (ons.length + (entity.access.attached ? 1 : 0) > 1)
    problems.push(`definePersonalData of "${entity.name}": what its records are on is said more than once`);
  const isName = (field: FieldModel) => field === on?.entity || field === on?.record;
  const keep = new Set(fieldsOf("keep"));
  const others = new Set(fieldsOf("others"));
  const replace: Record<string, unknown> = {};
  const addresses: { field: FieldModel; kind: AddressKind }[] = [];
  for (const { owner, options } of parts) {
    for (const [name, value] of Object.entries(options.replace ?? {}))
      if (known(entity, name, owner, "replace", problems).length > 0) replace[name] = value;
    for (const [name, kind] of Object.entries(options.addresses ?? {}))
      for (const field of known(entity, name, owner, "addresses", problems))
        addresses.push({ field, kind: kind as AddressKind });
  }
  const said = parts.flatMap(({ options }) => (options.erase ? [options.erase] : []));
  const [erase = "anonymise"] = said;
  if (said.length !== 1)
    problems.push(
      `definePersonalData of "${entity.name}" must say erase once, and plugins ${names(parts)} say it ${said.length} times`,
    );
  if (fieldsOf("files").length > 0 && erase !== "delete")
    problems.push(
      `definePersonalData of "${entity.name}": its files are removed with the record, so erase is "delete"`,
    );
  const terms = parts.flatMap(({ options }) => (options.days === undefined ? [] : [options.days]));
  if (terms.some((days) => !(days >= 1)) || (terms.length > 0 && typeof erase === "object"))
    problems.push(
      `definePersonalData of "${entity.name}": days must be at least 1, and something must be done with the record then`,
    );
  const cleared = entity.inputFields
    .filter((field) => (isPersonal(field) || field.name in replace) && !keep.has(field) && !isName(field))
    .flatMap((field) => {
      const found = clearedValue(field, replace);
      if ("value" in found) return [{ field, value: found.value }];
      if (erase === "anonymise")
        problems.push(`definePersonalData of "${entity.name}": "${field.name}" ${found.problem}`);
      return [];
    });
  return {
    entity,
    person: parts.some(({ options }) => options.person),
    by,
    on,
    addresses,
    mentions: fieldsOf("mentions"),
    files: fieldsOf("files"),
    erase,
    days: terms.length > 0 ? Math.min(...terms) : null,
    cleared,
    exported: entity.fieldList.filter((field) => field.sensitivity !== "secret" && !others.has(field)),
    isAbout: (row, subject) => parts.every(({ options }) => options.isAbout?.(row, subject) ?? true),
    onErase: parts.flatMap(({ options }) => (options.onErase ? [options.onErase] : [])),
  };
}

const names = (parts: readonly Part[]): string =>
  [...new Set(parts.map(({ owner }) => `"${owner}"`))].join(" and ");

function known(
  entity: EntityModel,
  name: string,
  owner: string,
  list: string,
  problems: string[],
): FieldModel[] {
  const field = entity.fields.get(name);
  if (field) return [field];
  const hint = nearest(name, entity.fields.keys());
  problems.push(
    `plugin "${owner}": ${list} of definePersonalData(${entity.name}) names "${name}", which is not a field${hint ? ` (did you mean "${hint}"?)` : ""}`,
  );
  return [];
}

/** References that lead to a person, or to what hangs on one, and that nobody has thought about. */
function forgotten(
  entities: ReadonlyMap<string, EntityModel>,
  models: ReadonlyMap<string, PersonalModel>,
  parts: ReadonlyMap<string, readonly Part[]>,
): string[] {
  return [...entities.values()].flatMap((entity) =>
    entity.references.flatMap((field) => {
      const target = models.get(field.target ?? "");
      if (!target || typeof target.erase === "object") return [];
      const told = (parts.get(entity.name) ?? []).some(
        ({ options }) => options.by?.includes(field.name) || options.unrelated?.includes(field.name),
      );
      if (told) return [];
      const what = target.person ? "a person" : "what is kept of a person";
      return [
        `plugin "${field.owner}": "${entity.name}.${field.name}" leads to ${what} ("${field.target}"), and nothing says what erasing that person does to it. Add privacy: [definePersonalData(${entity.name}, { by: ["${field.name}"], … })] to the plugin, or unrelated: ["${field.name}"] where the record is not about him`,
      ];
    }),
  );
}

/** Records are erased before those that they hang on: there must be an order. */
function circles(models: ReadonlyMap<string, PersonalModel>): string[] {
  const open = new Map<string, Set<string>>();
  for (const [name, model] of models) {
    if (model.person) continue;
    const targets = model.by.map((field) => field.target as string);
    open.set(name, new Set(targets.filter((target) => models.get(target)?.person === false)));
  }
  for (let changed = true; changed; ) {
    changed = false;
    for (const [name, targets] of open) {
      if ([...targets].some((target) => open.has(target))) continue;
      open.delete(name);
      changed = true;
    }
  }
  return open.size === 0
    ? []
    : [
        `definePersonalData goes round in a circle by ${[...open.keys()].join(", ")}: mark one reference unrelated`,
      ];
}
