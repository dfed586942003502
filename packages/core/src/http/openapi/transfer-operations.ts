import type { EntityModel } from "../../model/entity-model.js";
import type { ExportFormat } from "../../transfer/export-records.js";
import { selectParameters } from "./entity-operations.js";
import type { Operation, Parameter } from "./operation.js";

export const EXPORT_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: "text/csv; charset=utf-8",
  ndjson: "application/x-ndjson",
};

const delimiter: Parameter = {
  name: "delimiter",
  in: "query",
  description: "Between the cells of CSV.",
  schema: { enum: [",", ";", "|", "tab"], default: "," },
};

export function exportOperation(entity: EntityModel): Operation {
  return {
    id: `${entity.name}.export`,
    tag: entity.label,
    summary: `Take ${entity.label.toLowerCase()} records out as a file`,
    description:
      "All records of the query, streamed. Text that a spreadsheet could take for a formula gets an apostrophe in front, which importing the file takes away again. Money has two columns: the amount, and the currency under `<field>.currency`.",
    parameters: [
      { name: "format", in: "query", schema: { enum: Object.keys(EXPORT_TYPES), default: "csv" } },
      ...selectParameters(entity),
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
    errors: [400, 403],
  };
}
