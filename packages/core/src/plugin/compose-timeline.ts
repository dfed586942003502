import type { EntityModel } from "../model/entity-model.js";
import { ANY, type TimelineSource } from "../timeline/define-timeline-source.js";
import type { AnyPlugin } from "./plugin.js";

/** Sources of timelines by the entity on whose timeline they stand, in plugin order. */
export function composeTimelines(
  order: readonly AnyPlugin[],
  entities: ReadonlyMap<string, EntityModel>,
  problems: string[],
): Map<string, TimelineSource[]> {
  const timelines = new Map<string, TimelineSource[]>();
  for (const plugin of order) {
    for (const source of plugin.parts.timeline ?? []) {
      if (source.on === ANY) {
        for (const one of everywhere(source, entities))
          timelines.set(one.on, [...(timelines.get(one.on) ?? []), one]);
        continue;
      }
      const wrong = problemOf(source, entities);
      if (wrong) problems.push(`plugin "${plugin.name}": timeline of "${source.on}" ${wrong}`);
      else timelines.set(source.on, [...(timelines.get(source.on) ?? []), source]);
    }
  }
  return timelines;
}

/** Notes and files stand on the timelines of whatever they hang on. */
function everywhere(source: TimelineSource, entities: ReadonlyMap<string, EntityModel>): TimelineSource[] {
  const attached = entities.get(source.entity)?.access.attached;
  if (!attached) return [];
  return [...entities.values()]
    .filter((entity) => !entity.internal && !entity.access.attached)
    .map((entity) => ({
      ...source,
      on: entity.name,
      path: [attached.record.name],
      where: { and: [source.where, { [attached.entity.name]: entity.name }] },
    }));
}

function problemOf(source: TimelineSource, entities: ReadonlyMap<string, EntityModel>): string | undefined {
  const entity = entities.get(source.entity);
  for (const name of [source.on, source.entity])
    if (!entities.has(name)) return `names the entity "${name}", which no plugin declares`;
  if (!entity || entity.internal) return `shows records of "${source.entity}", which is internal`;
  const names = [source.at, ...source.title, ...source.data, ...(source.actor ? [source.actor] : [])];
  const stray = names.find((name) => !entity.fields.has(name));
  if (stray !== undefined) return `names "${source.entity}.${stray}", which does not exist`;
  if (entity.fields.get(source.at)?.kind !== "instant")
    return `is ordered by "${source.at}", which is no instant`;
  return pathProblem(source, entity, entities);
}

function pathProblem(
  { path, on }: TimelineSource,
  entity: EntityModel,
  entities: ReadonlyMap<string, EntityModel>,
): string | undefined {
  let at = entity;
  for (const name of path.slice(0, -1)) {
    const relation = at.relations.get(name);
    if (relation?.kind !== "one") return `follows "${at.name}.${name}", which leads to no single record`;
    at = entities.get(relation.target) as EntityModel;
  }
  const last = path[path.length - 1] as string;
  if (at.fields.get(last)?.target === on) return undefined;
  return `follows "${at.name}.${last}", which is not a reference to ${on}`;
}
