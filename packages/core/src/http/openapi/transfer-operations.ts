import type { EntityModel } from "../../model/entity-model.js";
import { ENCODINGS } from "../../transfer/decode-text.js";
import type { ExportFormat } from "../../transfer/export-records.js";
import { TRANSFORMS } from "../../transfer/transforms.js";
import {
  afterParameter,
  asOfParameter,
  idParameter,
  limitParameter,
  selectParameters,
} from "./entity-operations.js";
import type { BodyDoc, JsonSchema, Operation, Parameter, ResponseDoc } from "./operation.js";
import { ref } from "./schemas.js";

export const EXPORT_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: "text/csv; charset=utf-8",
  ndjson: "application/x-ndjson",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  vcard: "text/vcard; charset=utf-8",
  ics: "text/calendar; charset=utf-8",
};

const delimiters = { enum: [",", ";", "|", "tab"] };
const delimiter: Parameter = {
  name: "delimiter",
  in: "query",
  description: "Between the cells of CSV.",
  schema: { ...delimiters, default: "," },
};

export function exportOperation(entity: EntityModel): Operation {
  return {
    id: `${entity.name}.export`,
    tag: entity.label,
    summary: `Take ${entity.label.toLowerCase()} records out as a file`,
    description:
      "All records of the query, streamed. Text that a spreadsheet could take for a formula gets an apostrophe in front, which importing the file takes away again. Money has two columns: the amount, and the currency under `<field>.currency`. In a workbook, days and moments (UTC) are dates and amounts are numbers. `vcard` is for people, `ics` for what has a place in a calendar.",
    parameters: [
      { name: "format", in: "query", schema: { enum: Object.keys(EXPORT_TYPES), default: "csv" } },
      ...selectParameters(entity),
      ...asOfParameter(entity),
      delimiter,
      {
        name: "bom",
        in: "query",
        description: "Put a byte order mark in front of CSV, by which Excel knows UTF-8.",
        schema: { type: "boolean", default: false },
      },
    ],
    responses: {
      200: {
        description: "The file.",
        type: Object.values(EXPORT_TYPES).map((type) => type.split(";")[0] as string),
        schema: { type: "string" },
      },
    },
    errors: [400, 403, 406],
  };
}

const file: BodyDoc = {
  required: true,
  types: [
    "text/csv",
    "application/x-ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "text/vcard",
    "text/calendar",
  ],
  schema: { type: "string" },
};

const job: ResponseDoc = {
  description: "The file has been read to its end: the job says what became of its rows.",
  schema: ref("Corm.Import"),
  headers: { Location: { description: "Path of the job.", schema: { type: "string" } } },
};

export function importOperation(entity: EntityModel): Operation {
  const label = entity.label.toLowerCase();
  const unique = entity.unique.map((names) => `\`${names.join(",")}\``).join(", ") || "there is none";
  const parameter = (name: string, description: string, schema: Parameter["schema"]): Parameter => ({
    name,
    in: "query",
    description,
    schema,
  });
  return {
    id: `${entity.name}.import`,
    tag: entity.label,
    summary: `Bring ${label} records in from a file`,
    description:
      "Reads CSV, lines of JSON, vCards or a calendar as they come, and writes them in batches. A row that is refused keeps no other out: the job counts it, and `GET /api/imports/{id}/errors` has it with the reason. The columns are the names of fields, or `mapping` says which field they are; money has a second column `<field>.currency`, or is written `1250.50 EUR`.",
    parameters: [
      parameter("mode", "Add records, change those that `on` finds, or either.", {
        enum: ["create", "update", "upsert", "capture"],
        default: "create",
      }),
      parameter("on", `Fields that find the record of a row: ${unique}; for \`update\` also \`id\`.`, {
        type: "string",
      }),
      parameter(
        "mapping",
        'Fields of the columns that are called otherwise, as JSON: `{"Surname":"lastName","Firm":"account.name","Notes":null}`; `account.name` finds the record by its name, null leaves a column out.',
        { type: "string" },
      ),
      parameter(
        "transforms",
        `Steps that change the text of a column first, as JSON: \`{"Born":["dayFirst"],"State":[{"map":{"neu":"new"}}]}\`. Steps: ${TRANSFORMS.join(", ")}, \`{"map":{…}}\`, \`{"default":"…"}\`.`,
        { type: "string" },
      ),
      parameter("empty", "What an empty cell does to a record that is there: keep its value, or clear it.", {
        enum: ["keep", "clear"],
        default: "keep",
      }),
      parameter(
        "duplicates",
        "What becomes of a row that matches a record by a rule of the tenant, in the mode `create`: write it where the rules allow it, leave it out, change the record, or refuse the row.",
        { enum: ["create", "skip", "update", "reject"], default: "create" },
      ),
      parameter("dryRun", "Try everything and write nothing but the job.", {
        type: "boolean",
        default: false,
      }),
      ...fileParameters,
    ],
    body: file,
    responses: { 202: job },
    errors: [400, 403, 413, 415],
  };
}

const fileParameters: readonly Parameter[] = [
  {
    name: "delimiter",
    in: "query",
    description: "Between the cells. Default: found out by the header.",
    schema: delimiters,
  },
  {
    name: "encoding",
    in: "query",
    description: "Of the text. Default: found out.",
    schema: { enum: ENCODINGS },
  },
  {
    name: "sheet",
    in: "query",
    description: "Of a workbook. Default: its first one.",
    schema: { type: "string" },
  },
];

export function previewOperation(entity: EntityModel): Operation {
  return {
    id: `${entity.name}.previewImport`,
    tag: entity.label,
    summary: "See which fields the columns of a file may be",
    description: "Reads the header and 20 records, and writes nothing.",
    parameters: fileParameters,
    body: file,
    responses: {
      200: { description: "The columns, and the first records.", schema: ref("Corm.ImportPreview") },
    },
    errors: [400, 403, 413, 415],
  };
}

const jobOperation = (name: string, rest: Omit<Operation, "id" | "tag">): Operation => ({
  id: `import.${name}`,
  tag: "imports",
  ...rest,
});

/** What OpenAPI says of the routes below `/api/imports`. */
export const jobOperations = {
  list: jobOperation("list", {
    summary: "List the caller's imports, newest first",
    parameters: [limitParameter, afterParameter],
    responses: { 200: { description: "A page of imports.", schema: ref("Corm.ImportPage") } },
    errors: [400],
  }),
  get: jobOperation("get", {
    summary: "How far an import has come",
    parameters: [idParameter],
    responses: { 200: { description: "The import.", schema: ref("Corm.Import") } },
    errors: [404],
  }),
  errors: jobOperation("errors", {
    summary: "The rows that were not taken, with the reasons",
    description:
      "A CSV file: the line, the columns as they came, the reason. Corrected, it can be imported again.",
    parameters: [idParameter],
    responses: { 200: { description: "The file.", type: "text/csv", schema: { type: "string" } } },
    errors: [404],
  }),
  revert: jobOperation("revert", {
    summary: "Take a whole import back",
    description:
      "Records that it made go into the recycle bin, records that it changed get their values back; what somebody has changed since stays. Answers when it is done; asked again after an interruption, it goes on.",
    parameters: [idParameter],
    responses: { 200: { description: "The import.", schema: ref("Corm.Import") } },
    errors: [403, 404, 409],
  }),
  resume: jobOperation("resume", {
    summary: "Go on with an import that did not come to its end",
    description: "Send the same file again, from its beginning: what is decided is passed over.",
    parameters: [idParameter],
    body: file,
    responses: { 202: job },
    errors: [400, 403, 404, 409, 413, 415],
  }),
} as const;

/** Components of imports. */
export const importSchemas: Readonly<Record<string, JsonSchema>> = {
  "Corm.Import": {
    type: "object",
    properties: {
      id: { type: "string", format: "uuid" },
      entity: { type: "string" },
      state: {
        enum: ["running", "finished", "interrupted", "failed", "reverting", "reverted"],
        description: "`interrupted` and `failed` can be resumed.",
      },
      mode: { enum: ["create", "update", "upsert", "capture"] },
      dryRun: { type: "boolean" },
      done: { type: "integer", description: "Rows that are decided." },
      accepted: { type: "integer" },
      rejected: { type: "integer" },
      skipped: {
        type: "integer",
        description: "Of the accepted rows, those that were left out as duplicates.",
      },
      matched: {
        type: "integer",
        description: "Of the accepted rows, those that changed the record they were found to be.",
      },
      reverted: { type: "integer", description: "Records whose change was taken back." },
      kept: { type: "integer", description: "Records that somebody has changed since, and that stay." },
      percent: { type: ["integer", "null"], description: "Of the bytes of the file." },
      rowsPerSecond: { type: ["number", "null"] },
      remainingSeconds: { type: ["number", "null"] },
      problem: { type: ["string", "null"], description: "Why it did not come to its end." },
      startedAt: { type: "string", format: "date-time" },
      finishedAt: { type: ["string", "null"], format: "date-time" },
    },
    required: [
      "id",
      "entity",
      "state",
      "mode",
      "dryRun",
      "done",
      "accepted",
      "rejected",
      "skipped",
      "matched",
      "reverted",
      "kept",
      "percent",
      "rowsPerSecond",
      "remainingSeconds",
      "problem",
      "startedAt",
      "finishedAt",
    ],
  },
  "Corm.ImportPreview": {
    type: "object",
    properties: {
      header: { type: "array", items: { type: "string" } },
      columns: {
        type: "array",
        items: {
          type: "object",
          properties: {
            column: { type: "string" },
            field: { type: ["string", "null"] },
            certainty: { type: "number" },
            because: { enum: ["name", "label", "synonym", "similar", "none"] },
          },
          required: ["column", "field", "certainty", "because"],
        },
      },
      rows: { type: "array", items: { type: "array", items: { type: "string" } } },
    },
    required: ["header", "columns", "rows"],
  },
  "Corm.ImportPage": {
    type: "object",
    properties: { data: { type: "array", items: ref("Corm.Import") }, page: ref("Corm.PageInfo") },
    required: ["data", "page"],
  },
};
