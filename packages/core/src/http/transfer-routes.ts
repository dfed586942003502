import type { EntityModel } from "../model/entity-model.js";
import { DELIMITERS } from "../transfer/csv-write.js";
import { type ExportFormat, exportRecords } from "../transfer/export-records.js";
import { InvalidParameter } from "./errors.js";
import { EXPORT_TYPES, exportOperation } from "./openapi/transfer-operations.js";
import { booleanOf } from "./parameters.js";
import { parseListQuery } from "./parse-list-query.js";
import { toRawQuery } from "./public-query.js";
import type { HttpCall, HttpRoute } from "./route.js";
import { streamed } from "./streamed.js";

/** Taking the records of an entity out as a file, and bringing them in. */
export function transferRoutes(entity: EntityModel): HttpRoute[] {
  const base = `/api/${entity.path}`;
  return [
    {
      owner: entity.owner,
      method: "GET",
      path: `${base}/export`,
      access: "authenticated",
      operation: exportOperation(entity),
      handle: (call) => exportFile(call, call.session.entity(entity.name)),
    },
  ];
}

const EXPORT_NAMES = ["format", "sort", "fields", "search", "delimiter", "bom"];

async function exportFile(call: HttpCall, entity: EntityModel): Promise<Response> {
  const { session } = call;
  const query = toRawQuery(entity, parseListQuery(entity, call.query, session, EXPORT_NAMES), session);
  const format = (call.query.get("format") ?? "csv") as ExportFormat;
  if (!Object.hasOwn(EXPORT_TYPES, format)) {
    const known = Object.keys(EXPORT_TYPES).join(", ");
    throw InvalidParameter({ parameter: "format", reason: `is one of ${known}` });
  }
  const chunks = exportRecords(
    call.session,
    entity,
    { where: query.where, search: query.search, orderBy: query.orderBy, select: query.select },
    {
      format,
      delimiter: delimiterOf(call.query.get("delimiter")),
      bom: booleanOf("bom", call.query.get("bom") ?? undefined),
    },
  );
  const day = call.session.now().slice(0, 10);
  const headers = {
    "content-type": EXPORT_TYPES[format],
    "content-disposition": `attachment; filename="${entity.path}-${day}.${format}"`,
  };
  return streamed(chunks, headers, call.session);
}

/** @throws invalid-parameter */
function delimiterOf(text: string | null): string {
  const delimiter = text === "tab" ? "\t" : (text ?? ",");
  if (DELIMITERS.includes(delimiter)) return delimiter;
  throw InvalidParameter({ parameter: "delimiter", reason: `is one of , ; | and tab` });
}
