import { fieldsOf, isJson, type Json, type TypeField } from "./schema-type.js";

/** What the types of a client are made from. */
export interface ApiShape {
  readonly entities: readonly EntityShape[];
  /** Actions that belong to no entity, by full name. */
  readonly actions: readonly ActionShape[];
}

export interface EntityShape {
  readonly name: string;
  readonly label: unknown;
  /** Below `/api/`. */
  readonly path: string;
  /** Name of its component in the document. */
  readonly component: string;
  readonly row: readonly TypeField[];
  readonly input: readonly TypeField[];
  readonly related: readonly TypeField[];
  readonly actions: readonly ActionShape[];
}

export interface ActionShape {
  readonly name: string;
  readonly description: unknown;
  /** Undefined where there is none. */
  readonly input: Json | undefined;
  readonly output: Json | undefined;
  readonly collection: boolean;
}

/** `GET /api/meta`: what one caller may see. */
interface Meta {
  readonly entities: ReadonlyMap<string, MetaEntity>;
  /** Paths of the actions. */
  readonly actions: ReadonlySet<string>;
}

interface MetaEntity {
  /** Names, and what the caller may do with them. */
  readonly fields: ReadonlyMap<string, string>;
  readonly relations: ReadonlySet<string>;
}

const PREFIX = "/api/";
const FIND = /^([a-z][a-zA-Z0-9]*)\.find$/;
const ACTION = /^([a-z][\w-]*)\.([a-z][a-zA-Z0-9]*)$/;

/** What core serves for every entity below its path, which is no action. */
const OWN = new Set(
  "create query aggregate batch import export restore history timeline share unshare".split(" "),
);

/**
 * The API that an OpenAPI document describes, or the part of it that the caller of `meta` may see.
 *
 * @param document `GET /openapi.json`, parsed
 * @param meta `GET /api/meta`, parsed; left out, everything
 * @returns undefined where these are not of a Corm API
 */
export function apiShape(document: unknown, meta?: unknown): ApiShape | undefined {
  const paths = at(document, "paths");
  const schemas = at(at(document, "components"), "schemas");
  const seen = meta === undefined ? undefined : readMeta(meta);
  if (!paths || !schemas || !at(schemas, "Corm.Problem") || (meta !== undefined && !seen)) return undefined;

  const bases = new Map<string, string>();
  for (const [path, operations] of Object.entries(paths)) {
    const name = FIND.exec(idOf(at(operations, "get")))?.[1];
    if (name !== undefined && path.startsWith(PREFIX) && (!seen || seen.entities.has(name)))
      bases.set(name, path);
  }
  const actions = Object.entries(paths).flatMap(([path, operations]) => {
    const operation = at(operations, "post");
    return operation && (!seen || seen.actions.has(path)) ? actionOf(path, operation, bases) : [];
  });
  const entities = [...bases].map(([name, path]): EntityShape => {
    const component = name.charAt(0).toUpperCase() + name.slice(1);
    const own = (of: string) => actions.filter(({ owner }) => owner === of).map(({ action }) => action);
    return {
      ...partsOf(schemas, component, seen?.entities.get(name)),
      name,
      path,
      component,
      actions: own(name),
    };
  });
  return { entities, actions: actions.filter(({ owner }) => owner === "").map(({ action }) => action) };
}

/** A record's fields are always there; its relations are where they are asked for. */
function partsOf(schemas: Json, component: string, seen: MetaEntity | undefined) {
  const record = at(schemas, component) ?? {};
  const all = fieldsOf(record);
  const inputs = fieldsOf(at(schemas, `${component}.Input`) ?? {});
  const right = (name: string) => (seen ? seen.fields.get(name) : "write");
  return {
    label: record["title"],
    row: all
      .filter(({ name, optional }) => !optional && right(name) !== undefined)
      // What is masked comes as text with its middle hidden, or not at all.
      .map((field) => (right(field.name) === "masked" ? { ...field, orNull: true } : field)),
    related: all
      .filter(({ name, optional }) => optional && (!seen || seen.relations.has(name)))
      .map((field) => ({ ...field, optional: false })),
    input: inputs.filter(({ name }) => right(name) === "write"),
  };
}

function actionOf(
  path: string,
  operation: Json,
  bases: ReadonlyMap<string, string>,
): { readonly owner: string; readonly action: ActionShape }[] {
  const [, owner = "", verb = ""] = ACTION.exec(idOf(operation)) ?? [];
  const unbound = path.startsWith(`${PREFIX}actions/`) && verb !== "";
  const base = bases.get(owner);
  if (!unbound && (base === undefined || OWN.has(verb) || !path.startsWith(`${base}/`))) return [];
  const action = {
    name: unbound ? `${owner}.${verb}` : verb,
    description: operation["description"],
    input: contentOf(at(operation, "requestBody")),
    output: contentOf(at(at(operation, "responses"), "200")),
    collection: !path.includes("{id}"),
  };
  return [{ owner: unbound ? "" : owner, action }];
}

const contentOf = (body: Json | undefined): Json | undefined =>
  at(at(at(body, "content"), "application/json"), "schema");
const idOf = (operation: Json | undefined): string => String(operation?.["operationId"] ?? "");

function readMeta(meta: unknown): Meta | undefined {
  const { entities, actions } = isJson(meta) ? meta : {};
  if (!Array.isArray(entities) || !Array.isArray(actions)) return undefined;
  return {
    entities: new Map(
      entities.filter(isJson).map(({ name, fields, relations }) => [
        String(name),
        {
          fields: new Map(listOf(fields).map((field) => [String(field["name"]), String(field["right"])])),
          relations: new Set(listOf(relations).map((relation) => String(relation["name"]))),
        },
      ]),
    ),
    actions: new Set(actions.filter(isJson).map(({ path }) => String(path))),
  };
}

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : []);

/** A member that is an object, of whatever came over the line. */
function at(value: unknown, name: string): Json | undefined {
  if (!isJson(value) || !Object.hasOwn(value, name)) return undefined;
  const member = value[name];
  return isJson(member) ? member : undefined;
}
