import type { EntityModel } from "../../model/entity-model.js";
import { idParameter } from "./entity-operations.js";
import type { JsonSchema, Operation, Parameter } from "./operation.js";
import { ref } from "./schemas.js";

const limit: Parameter = {
  name: "limit",
  in: "query",
  schema: { type: "integer", minimum: 1, maximum: 500, default: 50 },
};

export function historyOperation(entity: EntityModel): Operation {
  return {
    id: `${entity.name}.history`,
    tag: entity.label,
    summary: `Who changed a ${entity.label.toLowerCase()}, when and how, newest first`,
    description: "With the fields that the caller may see. Also of a record in the recycle bin.",
    parameters: [
      idParameter,
      limit,
      {
        name: "after",
        in: "query",
        description: "`page.next` of the page before.",
        schema: { type: "string" },
      },
    ],
    responses: { 200: { description: "A page of entries.", schema: ref("Corm.HistoryPage") } },
    errors: [400, 404],
  };
}

export const changesOperation: Operation = {
  id: "changes.list",
  tag: "changes",
  summary: "What happened after a cursor, in the order of commits",
  description:
    "As the caller may see it now: what a client polls to stay in step. A page has fewer entries than `limit` where some are hidden.",
  parameters: [
    limit,
    {
      name: "after",
      in: "query",
      description:
        "`page.next` of the page before, or the `cursor` of an entry; `now` for the end. Default: the beginning.",
      schema: { type: "string" },
    },
  ],
  responses: { 200: { description: "A page of entries, oldest first.", schema: ref("Corm.ChangesPage") } },
  errors: [400],
};

export const streamOperation: Operation = {
  id: "changes.stream",
  tag: "changes",
  summary: "The same as server-sent events, as they happen",
  description:
    "Each event `change` has an entry as JSON in `data` and its cursor as `id`; a client that reconnects sends `Last-Event-ID` and misses nothing. Ends when the credential holds no more.",
  parameters: [
    {
      name: "Last-Event-ID",
      in: "header",
      description: "Cursor of the last event that was seen. Default: from now on.",
      schema: { type: "string" },
    },
    {
      name: "after",
      in: "query",
      description: "Cursor to begin after, where there is no `Last-Event-ID`.",
      schema: { type: "string" },
    },
  ],
  responses: {
    200: { description: "Events without end.", type: "text/event-stream", schema: { type: "string" } },
  },
  errors: [400],
};

const text = { type: ["string", "null"] };

const entry = {
  type: "object",
  description: "One record and one write, or one event.",
  properties: {
    id: { type: "string", format: "uuid" },
    at: { type: "string", format: "date-time" },
    operation: { enum: ["create", "update", "delete", "restore", "purge", "erase", "event"] },
    entity: text,
    record: text,
    version: { type: ["integer", "null"], description: "Of the record after the write." },
    actor: {
      type: "object",
      properties: { kind: { type: "string" }, id: text, reason: text, userId: text },
      required: ["kind", "id", "reason", "userId"],
    },
    cause: {
      type: "array",
      items: { type: "string" },
      description: "Operations around it, outermost first.",
    },
    requestId: text,
    changes: {
      type: ["object", "null"],
      description: "Before and after by field.",
      additionalProperties: { type: "array", minItems: 2, maxItems: 2 },
    },
    event: text,
    payload: { description: "What an event carries." },
    erased: { type: "boolean", description: "Values were erased since." },
  },
  required: "id at operation entity record version actor cause requestId changes event payload erased".split(
    " ",
  ),
};

export const journalSchemas: Readonly<Record<string, JsonSchema>> = {
  "Corm.JournalEntry": entry,
  "Corm.HistoryPage": {
    type: "object",
    properties: {
      data: { type: "array", items: ref("Corm.JournalEntry") },
      page: ref("Corm.PageInfo"),
    },
    required: ["data", "page"],
  },
  "Corm.Change": {
    ...entry,
    properties: { ...entry.properties, cursor: { type: "string" } },
    required: [...entry.required, "cursor"],
  },
  "Corm.ChangesPage": {
    type: "object",
    properties: {
      data: { type: "array", items: ref("Corm.Change") },
      page: {
        type: "object",
        properties: {
          next: { type: "string", description: "Where to go on, also when there is nothing more yet." },
          more: { type: "boolean", description: "There is more already." },
          limit: { type: "integer" },
        },
        required: ["next", "more", "limit"],
      },
    },
    required: ["data", "page"],
  },
};
