import { clientErrors } from "../errors.js";
import { schemaType } from "./schema-type.js";

type Json = Readonly<Record<string, unknown>>;

interface Operation {
  readonly operationId?: string;
  readonly parameters?: readonly Json[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Json }>> };
  readonly responses?: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Json }>> }>
  >;
}

interface Action {
  readonly owner: string;
  readonly name: string;
  readonly type: string;
}

/**
 * The types of an app from its OpenAPI document, as TypeScript: `interface App` for `createClient<App>`, and `paths` for its
 * option of that name. For code outside of the app's repository; inside, `typeof crm` is all it takes.
 *
 * @param document `GET /openapi.json`, parsed
 * @throws unexpected-answer where it is not of a Corm API
 */
export function clientTypes(document: unknown): string {
  const { paths, components } = (document ?? {}) as {
    paths?: Record<string, Record<string, Operation>>;
    components?: Json;
  };
  const schemas = components?.["schemas"] as Record<string, Json> | undefined;
  if (!paths || !schemas?.["Corm.Problem"])
    throw clientErrors.unexpectedAnswer(0, "This is no OpenAPI document of a Corm API.");
  const entities = new Map<string, string>();
  const actions: Action[] = [];
  for (const [path, operations] of Object.entries(paths)) {
    const entity = /^(\w+)\.find$/.exec(operations["get"]?.operationId ?? "")?.[1];
    if (entity !== undefined) entities.set(entity, path.slice("/api/".length));
  }
  for (const [path, operations] of Object.entries(paths)) {
    const action = operations["post"] && actionOf(path, operations["post"], entities);
    if (action) actions.push(action);
  }
  const names = [...entities.keys()].toSorted();
  const unbound = actions.filter(({ owner }) => owner === "");
  return [
    "// Made by @corm/client from an OpenAPI document. Do not change: make it again.",
    "",
    "export interface Money {\n  readonly amount: string;\n  readonly currency: string;\n}",
    ...names.map((name) => declarations(name, schemas)),
    "/** For `createClient<App>`. */",
    "export interface App {",
    `  readonly "~app"?: {`,
    "    readonly entities: {",
    ...names.flatMap((name) =>
      entityLines(
        name,
        actions.filter(({ owner }) => owner === name),
      ),
    ),
    "    };",
    "    readonly actions: {",
    ...unbound.map(({ name, type }) => `      readonly ${JSON.stringify(name)}: ${type};`),
    "    };",
    "  };",
    "}",
    "",
    "/** For `createClient({ paths })`. */",
    `export const paths = ${JSON.stringify(Object.fromEntries(names.map((name) => [name, entities.get(name)])), null, 2)};`,
    "",
  ].join("\n");
}

const pascal = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

function declarations(entity: string, schemas: Readonly<Record<string, Json>>): string {
  const name = pascal(entity);
  const record = (schemas[name] ?? {}) as { properties?: Record<string, Json>; required?: readonly string[] };
  const { properties = {}, required = [] } = record;
  const fields = Object.fromEntries(Object.entries(properties).filter(([field]) => required.includes(field)));
  const relations = Object.fromEntries(
    Object.entries(properties).filter(([field]) => !required.includes(field)),
  );
  const related = Object.keys(relations);
  return [
    "",
    `export interface ${name} ${schemaType({ type: "object", properties: fields, required }, "readonly ")}`,
    `export interface ${name}Input ${schemaType(schemas[`${name}.Input`] ?? { type: "object" }, "")}`,
    `export interface ${name}Related ${schemaType({ type: "object", properties: relations, required: related }, "readonly ")}`,
    "",
  ].join("\n");
}

function entityLines(entity: string, actions: readonly Action[]): string[] {
  const name = pascal(entity);
  return [
    `      readonly ${entity}: {`,
    `        readonly row: ${name};`,
    `        readonly input: ${name}Input;`,
    `        readonly related: ${name}Related;`,
    "        readonly actions: {",
    ...actions.map((action) => `          readonly ${action.name}: ${action.type};`),
    "        };",
    "      };",
  ];
}

/** What core serves for every entity below its path, which is no action. */
const OWN = [
  "create",
  "query",
  "aggregate",
  "batch",
  "import",
  "export",
  "restore",
  "history",
  "timeline",
  "share",
  "unshare",
];

function actionOf(
  path: string,
  operation: Operation,
  entities: ReadonlyMap<string, string>,
): Action | undefined {
  const [, owner = "", verb = ""] = /^([\w-]+)\.(\w+)$/.exec(operation.operationId ?? "") ?? [];
  const unbound = path.startsWith("/api/actions/");
  const base = entities.get(owner);
  if (!unbound && (base === undefined || OWN.includes(verb) || !path.startsWith(`/api/${base}/`)))
    return undefined;
  const input = contentOf(operation.requestBody?.content);
  const output = contentOf(operation.responses?.["200"]?.content);
  const types = [
    `readonly input: ${input ? schemaType(input, "") : "Record<never, never>"}`,
    `readonly output: ${output ? schemaType(output, "") : "undefined"}`,
    ...(unbound ? [] : [`readonly collection: ${!path.includes("{id}")}`]),
  ];
  return {
    owner: unbound ? "" : owner,
    name: unbound ? `${owner}.${verb}` : verb,
    type: `{ ${types.join("; ")} }`,
  };
}

function contentOf(
  content: Readonly<Record<string, { readonly schema?: Json }>> | undefined,
): Json | undefined {
  return content?.["application/json"]?.schema;
}
