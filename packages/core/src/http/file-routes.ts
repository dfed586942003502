import { attachment } from "../crm/entities/attachment.js";
import { type Attachments, attachments, type OpenedFile } from "../crm/services/attachments.js";
import { bytesOf } from "./body-stream.js";
import { InvalidParameter, UnsupportedMediaType } from "./errors.js";
import { downloadOperation, uploadOperation } from "./openapi/file-operations.js";
import type { HttpSettings } from "./options.js";
import { readParameters } from "./parameters.js";
import type { Answer, HttpCall, HttpRoute } from "./route.js";
import { streamed } from "./streamed.js";

/** The bytes of attachments: everything else about them is served as of any entity. */
export function fileRoutes(settings: HttpSettings): HttpRoute[] {
  const { entities, services } = settings.crm.runtime.composition;
  const model = entities.get(attachment.name);
  if (!model || !services.has(attachments.name)) return [];
  const base = `/api/${model.path}`;
  const common = { owner: model.owner, access: "authenticated", once: "never" } as const;
  return [
    {
      ...common,
      method: "POST",
      path: `${base}/upload`,
      policy: `${model.name}:create`,
      operation: uploadOperation(model),
      timeout: settings.importTimeout,
      handle: (call) => upload(call, settings),
    },
    {
      ...common,
      method: "GET",
      path: `${base}/{id}/content`,
      policy: `${model.name}:read`,
      operation: downloadOperation(model),
      handle: download,
    },
  ];
}

const serviceOf = (call: HttpCall): Attachments => call.session.service(attachments);

async function upload(call: HttpCall, { maxFile, etags }: HttpSettings): Promise<Answer> {
  const parameters = readParameters(call.query, ["entity", "recordId", "name"]);
  const required = (name: string): string => {
    const text = parameters.get(name);
    if (text) return text;
    throw InvalidParameter({ parameter: name, reason: "is required" });
  };
  const [entity, id, name] = [required("entity"), required("recordId"), required("name")];
  refuseEncoded(call.request);
  // Before anything is stored: who may not attach does not fill the disk.
  call.session.require(call.session.entity(attachment.name), "create");
  const row = await serviceOf(call).attach(
    { entity: { name: entity }, id },
    {
      name,
      contentType: call.request.headers.get("content-type"),
      bytes: bytesOf(call, maxFile),
      limit: maxFile,
    },
  );
  const location = `${call.path.slice(0, -"/upload".length)}/${row.id}`;
  return { status: 201, body: row, headers: { location, etag: etags.of(attachment.name, { ...row }) } };
}

/** Nobody knows how large packed bytes are, and the hash is to be that of the file. */
function refuseEncoded(request: Request): void {
  const encoding = request.headers.get("content-encoding");
  if (encoding === null || encoding.toLowerCase() === "identity") return;
  throw UnsupportedMediaType({ given: `${encoding.slice(0, 40)}-encoded`, accepted: ["any other"] });
}

async function download(call: HttpCall): Promise<Response> {
  readParameters(call.query, []);
  const file = await serviceOf(call).open(call.params["id"] as string);
  return streamed(chunksOf(file), headersOf(file), call.session);
}

async function* chunksOf({ bytes }: OpenedFile): AsyncGenerator<Uint8Array> {
  yield* bytes;
}

/** A file is saved and never shown: whatever it is, no script of it runs where the app does. */
function headersOf({ attachment: { name, contentType, size, sha256 } }: OpenedFile): Record<string, string> {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const exact = encodeURIComponent(name).replace(
    /['()*!]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return {
    "content-type": contentType,
    "content-length": String(size),
    "content-disposition": `attachment; filename="${plain}"; filename*=UTF-8''${exact}`,
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    etag: `"${sha256}"`,
  };
}
