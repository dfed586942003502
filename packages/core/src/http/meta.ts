import type { AnyAction } from "../actions/define-action.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type { Session } from "../runtime/session.js";
import { actionPath } from "./action-routes.js";
import type { JsonSchema } from "./openapi/operation.js";
import { toJsonSchema } from "./openapi/schemas.js";
import type { HttpSettings } from "./options.js";
import { readParameters } from "./parameters.js";
import type { HttpRoute } from "./route.js";

/** `GET /api/meta`: what there is for this caller, as a generic user interface needs it. */
export function metaRoute({ crm }: HttpSettings): HttpRoute {
  return {
    owner: "core",
    method: "GET",
    path: "/api/meta",
    access: "authenticated",
    policy: "authenticated",
    operation: {
      id: "system.meta",
      tag: "system",
      summary: "Entities, fields, relations and actions, as this caller may see and use them",
      responses: { 200: { description: "What there is.", schema: metaSchema } },
      errors: [400],
    },
    handle: ({ session, query }) => {
      readParameters(query, []);
      const { entities, actions } = crm.runtime.composition;
      const views = new Map<string, EntityModel>();
      for (const { name, internal } of entities.values())
        if (!internal && rightsOn(session, name).length > 0) views.set(name, session.entity(name));
      return {
        status: 200,
        body: {
          actor: actorOf(session),
          tenant: session.tenant,
          currency: session.currency,
          entities: [...views.values()].map((view) => entityOf(view, views, session)),
          actions: [...actions]
            .filter(([, { value }]) => session.access.permits(value.definition.permission))
            .flatMap(([name, { owner, value }]) => actionOf(name, value, owner, views)),
        },
      };
    },
  };
}

function actorOf({ actor }: Session) {
  return "id" in actor ? { kind: actor.kind, id: actor.id } : { kind: actor.kind };
}

const RIGHTS = [
  "read",
  "create",
  "update",
  "delete",
  "purge",
  "transfer",
  "share",
  "export",
  "import",
  "bulk",
] as const;

/** What the caller may do with records of an entity, with some of them at least. */
function rightsOn(session: Session, entity: string): readonly string[] {
  return RIGHTS.filter((right) => session.access.has(entity, right));
}

function entityOf(view: EntityModel, views: ReadonlyMap<string, EntityModel>, session: Session) {
  const writable = new Set(view.inputFields.map((field) => field.name));
  return {
    name: view.name,
    label: view.label,
    plural: view.plural,
    path: `/api/${view.path}`,
    rights: rightsOn(session, view.name),
    fields: view.fieldList.map((field) => fieldOf(field, writable.has(field.name))),
    relations: [...view.relations.values()]
      .filter(({ target }) => views.has(target))
      .map(({ name, kind, target }) => ({ name, kind, target })),
    unique: view.unique,
    temporal: view.history !== null,
    searchable: view.searchable.map((field) => field.name),
  };
}

function fieldOf(field: FieldModel, writable: boolean) {
  const { name, label, kind, target, immutable, sensitivity } = field;
  return {
    name,
    label,
    kind,
    right: field.masked ? "masked" : writable ? "write" : "read",
    required: writable && !field.optional && !field.filled && field.default === undefined,
    immutable,
    sensitivity,
    target,
    schema: toJsonSchema(field.schema),
  };
}

function actionOf(name: string, action: AnyAction, owner: string, views: ReadonlyMap<string, EntityModel>) {
  const entity = action.on === null ? undefined : views.get(action.on);
  if (action.on !== null && !entity) return [];
  const { label, description, readOnly, permission } = action.definition;
  return [
    {
      name,
      label,
      description,
      plugin: owner,
      entity: action.on,
      onRecord: action.on !== null && !action.collection,
      path: actionPath(name, action, entity),
      readOnly,
      permission,
    },
  ];
}

const text: JsonSchema = { type: "string" };
const flag: JsonSchema = { type: "boolean" };
const textOrNull: JsonSchema = { type: ["string", "null"] };

function shape(properties: Record<string, JsonSchema>, optional: readonly string[] = []): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required };
}

const listOf = (items: JsonSchema): JsonSchema => ({ type: "array", items });

const metaSchema = shape({
  actor: shape({ kind: text, id: text }, ["id"]),
  tenant: text,
  currency: text,
  entities: listOf(
    shape({
      name: text,
      label: text,
      plural: text,
      path: text,
      rights: {
        ...listOf({ enum: RIGHTS }),
        description: "What this caller may do, with some of its records at least.",
      },
      fields: listOf(
        shape({
          name: text,
          label: text,
          kind: text,
          right: { enum: ["masked", "read", "write"], description: "What this caller may do with it." },
          required: flag,
          immutable: { ...flag, description: "Set once." },
          sensitivity: text,
          target: { ...textOrNull, description: "The entity that it refers to." },
          schema: {
            type: "object",
            additionalProperties: true,
            description: "Its constraints (JSON Schema).",
          },
        }),
      ),
      relations: listOf(shape({ name: text, kind: { enum: ["one", "many"] }, target: text })),
      unique: listOf(listOf(text)),
      temporal: { ...flag, description: "Queries take `asOf`." },
      searchable: listOf(text),
    }),
  ),
  actions: listOf(
    shape({
      name: text,
      label: text,
      description: text,
      plugin: text,
      entity: textOrNull,
      onRecord: { ...flag, description: "Its path takes the id of a record." },
      path: text,
      readOnly: flag,
      permission: text,
    }),
  ),
});
