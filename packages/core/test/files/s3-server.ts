import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const ACCESS = { accessKeyId: "AKIDTEST", secretAccessKey: "a secret/of+tests", region: "eu-test-1" };
/** Files of one page of a list, few so that tests page. */
const PAGE = 2;

export interface S3Server {
  readonly url: string;
  readonly files: Map<string, Buffer>;
  readonly uploads: Map<string, Map<number, Buffer>>;
  /** What came: `PUT 200`. */
  readonly log: string[];
  /** Answers the next requests of a method with this status. */
  fail(method: string, status: number, times: number): void;
  stop(): Promise<void>;
}

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();

/** RFC 3986, as the protocol has it. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** Checks the signature by the published description of Signature Version 4, and not by the code that made it. */
function refusal(request: IncomingMessage, body: Buffer): string | undefined {
  const header = request.headers.authorization ?? "";
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      header,
    );
  if (!match) return "AccessDenied";
  const [, id, day = "", region, signed = "", signature] = match;
  if (id !== ACCESS.accessKeyId || region !== ACCESS.region) return "InvalidAccessKeyId";
  const payload = request.headers["x-amz-content-sha256"];
  if (payload !== sha256(body)) return "XAmzContentSHA256Mismatch";
  const names = signed.split(";");
  if (!names.includes("host") || !names.includes("x-amz-content-sha256") || !names.includes("x-amz-date"))
    return "AccessDenied";
  const url = new URL(request.url ?? "/", "http://host");
  const query = [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join("&");
  const path = decodeURIComponent(url.pathname).split("/").map(encoded).join("/");
  const headers = names.map((name) => `${name}:${String(request.headers[name]).trim()}\n`).join("");
  const canonical = [request.method, path, query, headers, signed, payload].join("\n");
  const date = String(request.headers["x-amz-date"]);
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
  const steps = [day, ACCESS.region, "s3", "aws4_request"];
  const key = steps.reduce<string | Buffer>((k, step) => hmac(k, step), `AWS4${ACCESS.secretAccessKey}`);
  return hmac(key, text).toString("hex") === signature ? undefined : "SignatureDoesNotMatch";
}

const xml = (body: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;

/** A small store that speaks enough of S3 for a file store, in memory. */
export async function startS3(bucket = "files"): Promise<S3Server> {
  const files = new Map<string, Buffer>();
  const uploads = new Map<string, Map<number, Buffer>>();
  const log: string[] = [];
  const failures: { method: string; status: number }[] = [];
  const handle = (
    request: IncomingMessage,
    body: Buffer,
  ): [status: number, body: string | Buffer, etag?: string] => {
    const at = failures.findIndex(({ method }) => method === request.method);
    if (at >= 0) {
      const [failure] = failures.splice(at, 1);
      return [failure?.status ?? 500, xml("<Error><Code>SlowDown</Code></Error>")];
    }
    const code = refusal(request, body);
    if (code) return [403, xml(`<Error><Code>${code}</Code></Error>`)];
    const url = new URL(request.url ?? "/", "http://host");
    const key = decodeURIComponent(url.pathname).slice(`/${bucket}/`.length);
    const { searchParams: query } = url;
    if (key === "") return [200, list(query)];
    const upload = query.get("uploadId");
    switch (request.method) {
      case "PUT": {
        if (upload === null) files.set(key, body);
        else uploads.get(upload)?.set(Number(query.get("partNumber")), body);
        return [200, "", `"${sha256(body).slice(0, 32)}"`];
      }
      case "POST": {
        if (query.has("uploads")) {
          uploads.set("up load&1", new Map());
          return [200, xml("<R><UploadId>up load&amp;1</UploadId></R>")];
        }
        const parts = uploads.get(upload ?? "");
        if (!parts) return [404, xml("<Error><Code>NoSuchUpload</Code></Error>")];
        const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]+)<\/ETag>/g)];
        const right = named.every(([, n, tag]) => {
          const part = parts.get(Number(n));
          return part !== undefined && tag === `"${sha256(part).slice(0, 32)}"`;
        });
        if (!right) return [200, xml("<Error><Code>InvalidPart</Code></Error>")];
        files.set(key, Buffer.concat(named.map(([, n]) => parts.get(Number(n)) as Buffer)));
        uploads.delete(upload ?? "");
        return [200, xml("<CompleteMultipartUploadResult/>")];
      }
      case "DELETE": {
        if (upload === null) files.delete(key);
        else uploads.delete(upload);
        return [204, ""];
      }
      default: {
        const file = files.get(key);
        return file ? [200, file] : [404, xml("<Error><Code>NoSuchKey</Code></Error>")];
      }
    }
  };
  const list = (query: URLSearchParams): string => {
    const all = [...files.keys()].filter((key) => key.startsWith(query.get("prefix") ?? "")).sort();
    const start = Number(query.get("continuation-token") ?? 0);
    const page = all.slice(start, start + PAGE);
    const entries = page.map(
      (key) =>
        `<Contents><Key>${key.replaceAll("&", "&amp;")}</Key><LastModified>2026-01-05T09:00:00.000Z</LastModified><Size>${files.get(key)?.length}</Size></Contents>`,
    );
    const next =
      start + PAGE < all.length ? `<NextContinuationToken>${start + PAGE}</NextContinuationToken>` : "";
    return xml(`<ListBucketResult>${entries.join("")}${next}</ListBucketResult>`);
  };
  const server: Server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const [status, body, etag] = handle(request, Buffer.concat(chunks));
      log.push(`${request.method} ${status}`);
      response.writeHead(status, etag ? { etag } : {});
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/${bucket}`,
    files,
    uploads,
    log,
    fail: (method, status, times) => {
      for (let n = 0; n < times; n += 1) failures.push({ method, status });
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
