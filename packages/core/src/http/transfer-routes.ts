import type { EntityModel } from "../model/entity-model.js";
import { DEFAULT_LIMIT } from "../repository/read.js";
import type { HttpMethod } from "../routes/define-route.js";
import { DELIMITERS } from "../transfer/csv-write.js";
import { ENCODINGS } from "../transfer/decode-text.js";
import { type ExportFormat, exportRecords } from "../transfer/export-records.js";
import { importErrors } from "../transfer/import-errors.js";
import { importStatus, listImports } from "../transfer/import-jobs.js";
import type { ImportFormat, ImportOptions, ImportStatus } from "../transfer/import-options.js";
import { previewImport } from "../transfer/preview-import.js";
import { revertImport } from "../transfer/revert-import.js";
import { importFile, resumeImport } from "../transfer/run-import.js";
import { bytesOf } from "./body-stream.js";
import { InvalidParameter, UnsupportedMediaType } from "./errors.js";
import { isPlainObject } from "./merge-patch.js";
import type { Operation } from "./openapi/operation.js";
import {
  EXPORT_TYPES,
  exportOperation,
  importOperation,
  jobOperations,
  previewOperation,
} from "./openapi/transfer-operations.js";
import type { HttpSettings } from "./options.js";
import { booleanOf, listOf, readParameters } from "./parameters.js";
import { limitOf, parseListQuery } from "./parse-list-query.js";
import { toRawQuery } from "./public-query.js";
import { type Answer, describedLater, type HttpCall, type HttpRoute } from "./route.js";
import { streamed } from "./streamed.js";

/** Taking the records of an entity out as a file, and bringing them in. */
export function transferRoutes(entity: EntityModel, settings: HttpSettings): HttpRoute[] {
  const { entities } = settings.crm.runtime.composition;
  const base = `/api/${entity.path}`;
  const route = (
    method: HttpMethod,
    path: string,
    right: "export" | "import",
    describe: (entity: EntityModel) => Operation,
    handle: HttpRoute["handle"],
  ): HttpRoute =>
    describedLater(
      {
        owner: entity.owner,
        method,
        path: `${base}${path}`,
        access: "authenticated",
        policy: `${entity.name}:${right}`,
        // A file is read as it comes, however long it is: an import is repeated by resuming it, not by a key.
        once: "never",
        timeout: right === "import" ? settings.importTimeout : undefined,
        handle,
      },
      () => describe(entity),
    );
  const routes: HttpRoute[] = [
    route("GET", "/export", "export", exportOperation, (call) =>
      exportFile(call, call.session.entity(entity.name)),
    ),
  ];
  if (entities.has("importJob"))
    routes.push(
      route("POST", "/import", "import", importOperation, (call) =>
        importRecords(call, entity, settings.maxImport),
      ),
      route("POST", "/import/preview", "import", previewOperation, (call) =>
        preview(call, entity, settings.maxImport),
      ),
    );
  return routes;
}

/** The caller's imports, whatever they import. */
export function importRoutes(settings: HttpSettings): HttpRoute[] {
  if (!settings.crm.runtime.composition.entities.has("importJob")) return [];
  const route = (
    method: HttpMethod,
    path: string,
    name: keyof typeof jobOperations,
    handle: HttpRoute["handle"],
  ): HttpRoute => ({
    owner: "core",
    method,
    path: `/api/imports${path}`,
    access: "authenticated",
    // Everybody has his own.
    policy: "authenticated",
    operation: jobOperations[name],
    once: "never",
    handle,
  });
  const idOf = (call: HttpCall) => call.params["id"] as string;
  return [
    route("GET", "", "list", async (call) => {
      const parameters = readParameters(call.query, ["limit", "after"]);
      const limit = limitOf(parameters.get("limit"));
      const { items, next } = await listImports(call.session, {
        ...(limit === undefined ? {} : { limit }),
        after: parameters.get("after") ?? null,
      });
      return { status: 200, body: { data: items, page: { next, limit: limit ?? DEFAULT_LIMIT } } };
    }),
    route("GET", "/{id}", "get", async (call) => {
      readParameters(call.query, []);
      return { status: 200, body: await importStatus(call.session, idOf(call)) };
    }),
    route("GET", "/{id}/errors", "errors", async (call) => {
      readParameters(call.query, []);
      const headers = {
        "content-type": EXPORT_TYPES.csv,
        "content-disposition": `attachment; filename="import-errors.csv"`,
      };
      return streamed(importErrors(call.session, idOf(call)), headers, call.session);
    }),
    {
      ...route("POST", "/{id}/resume", "resume", async (call) => {
        readParameters(call.query, []);
        bodyFormat(call.request);
        const status = await resumeImport(call.session, idOf(call), bytesOf(call, settings.maxImport));
        return accepted(call, status, -"/resume".length);
      }),
      timeout: settings.importTimeout,
    },
    {
      ...route("POST", "/{id}/revert", "revert", async (call) => {
        readParameters(call.query, []);
        return { status: 200, body: await revertImport(call.session, idOf(call)) };
      }),
      timeout: settings.importTimeout,
    },
  ];
}

async function preview(call: HttpCall, entity: EntityModel, limit: number): Promise<Answer> {
  const parameters = readParameters(call.query, ["delimiter", "encoding", "sheet"]);
  const delimiter = parameters.get("delimiter");
  const encoding = oneOf(parameters, "encoding", ENCODINGS);
  const sheet = parameters.get("sheet");
  const options = {
    format: bodyFormat(call.request),
    ...(delimiter === undefined ? {} : { delimiter: delimiterOf(delimiter) }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(sheet === undefined ? {} : { sheet }),
  };
  return { status: 200, body: await previewImport(call.session, entity, bytesOf(call, limit), options) };
}

function oneOf<T extends string>(
  parameters: ReadonlyMap<string, string>,
  name: string,
  known: readonly T[],
): T | undefined {
  const text = parameters.get(name);
  if (text === undefined || known.includes(text as T)) return text as T | undefined;
  throw InvalidParameter({ parameter: name, reason: `is one of ${known.join(", ")}` });
}

const IMPORT_NAMES = [
  "mode",
  "on",
  "mapping",
  "transforms",
  "empty",
  "duplicates",
  "dryRun",
  "delimiter",
  "encoding",
  "sheet",
];
const IMPORT_TYPES: Readonly<Record<string, ImportFormat>> = {
  "text/csv": "csv",
  "application/x-ndjson": "ndjson",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "text/vcard": "vcard",
  "text/x-vcard": "vcard",
  "text/calendar": "ics",
};

async function importRecords(call: HttpCall, entity: EntityModel, limit: number): Promise<Answer> {
  const parameters = readParameters(call.query, IMPORT_NAMES);
  const mapping = parameters.get("mapping");
  const transforms = parameters.get("transforms");
  const on = listOf(parameters.get("on"));
  const delimiter = parameters.get("delimiter");
  const stated = {
    mode: oneOf(parameters, "mode", ["create", "update", "upsert", "capture"]),
    empty: oneOf(parameters, "empty", ["keep", "clear"]),
    duplicates: oneOf(parameters, "duplicates", ["create", "skip", "update", "reject"]),
    encoding: oneOf(parameters, "encoding", ENCODINGS),
    transforms: transforms === undefined ? undefined : transformsOf(transforms),
    sheet: parameters.get("sheet"),
    on,
    mapping: mapping === undefined ? undefined : mappingOf(mapping),
    delimiter: delimiter === undefined ? undefined : delimiterOf(delimiter),
    dryRun: booleanOf("dryRun", parameters.get("dryRun")),
  };
  const options = Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined));
  const format = bodyFormat(call.request);
  const size = sizeOf(call.request);
  const status = await importFile(
    call.session,
    entity,
    bytesOf(call, limit),
    { ...options, format },
    size === undefined ? {} : { size },
  );
  return accepted(call, status, -`${entity.path}/import`.length);
}

/** The job, and where it is to be found; `cut` characters at the end of the path lead to its start. */
function accepted(call: HttpCall, status: ImportStatus, cut: number): Answer {
  const base = call.path.slice(0, cut);
  const location = base.endsWith(status.id) ? base : `${base}imports/${status.id}`;
  return { status: 202, body: status, headers: { location } };
}

/** As it is stated: only how far the import has come is told by it. */
function sizeOf({ headers }: Request): number | undefined {
  const stated = headers.get("content-length");
  return stated !== null && /^\d{1,15}$/.test(stated) ? Number(stated) : undefined;
}

/** @throws invalid-parameter; what the steps are is looked at when the columns are known */
function transformsOf(text: string): NonNullable<ImportOptions["transforms"]> {
  const parsed = jsonOf(text);
  if (isPlainObject(parsed)) return parsed as NonNullable<ImportOptions["transforms"]>;
  throw InvalidParameter({
    parameter: "transforms",
    reason: `is a JSON object of columns and their steps, such as {"Name":["trim","capitalize"]}`,
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @throws invalid-parameter */
function mappingOf(text: string): Record<string, string | null> {
  const wrong = () =>
    InvalidParameter({
      parameter: "mapping",
      reason: `is a JSON object of columns and their fields, such as {"Name":"lastName","Notes":null}`,
    });
  const mapping = jsonOf(text);
  const fields = isPlainObject(mapping) ? Object.values(mapping) : [undefined];
  if (fields.every((field) => field === null || typeof field === "string"))
    return mapping as Record<string, string | null>;
  throw wrong();
}

/** What the body is. @throws unsupported-media-type: also for packed ones, of which none knows how large they are */
function bodyFormat(request: Request): ImportFormat {
  const accepted = Object.keys(IMPORT_TYPES);
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity")
    throw UnsupportedMediaType({ given: `${encoding.slice(0, 40)}-encoded`, accepted });
  const header = request.headers.get("content-type") ?? "";
  const name = (header.split(";")[0] as string).trim().toLowerCase();
  if (Object.hasOwn(IMPORT_TYPES, name)) return IMPORT_TYPES[name] as ImportFormat;
  throw UnsupportedMediaType({ given: header.slice(0, 100), accepted });
}

const EXPORT_NAMES = ["format", "sort", "fields", "search", "asOf", "delimiter", "bom"];

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
    {
      where: query.where,
      search: query.search,
      orderBy: query.orderBy,
      select: query.select,
      asOf: query.asOf,
    },
    {
      format,
      delimiter: delimiterOf(call.query.get("delimiter")),
      bom: booleanOf("bom", call.query.get("bom") ?? undefined),
    },
  );
  const day = call.session.now().slice(0, 10);
  const headers = {
    "content-type": EXPORT_TYPES[format],
    "content-disposition": `attachment; filename="${entity.path}-${day}.${format === "vcard" ? "vcf" : format}"`,
  };
  return streamed(chunks, headers, call.session);
}

/** @throws invalid-parameter */
function delimiterOf(text: string | null): string {
  const delimiter = text === "tab" ? "\t" : (text ?? ",");
  if (DELIMITERS.includes(delimiter)) return delimiter;
  throw InvalidParameter({ parameter: "delimiter", reason: `is one of , ; | and tab` });
}
