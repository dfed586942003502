import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { HttpSettings } from "./options.js";
import type { HttpRoute } from "./route.js";

/**
 * Swagger UI, served from the package: the build copies its files into `dist/docs-viewer`, so that an app neither
 * depends on the npm package (which phones home when it is installed) nor loads anything from elsewhere.
 */
const BUILT = new URL("docs-viewer/", import.meta.url);
const PACKAGE = "swagger-ui-dist";

/** The page may run its own scripts and read the document beside it, and nothing else. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // Swagger UI sets styles of single elements.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const FILES = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
} as const;

/** Everything relative: a host may have mounted the app anywhere. */
const START = `SwaggerUIBundle({
  url: new URL("../openapi.json", document.currentScript.src).href,
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  validatorUrl: null,
});
`;

/** `GET /docs`: the OpenAPI document for people. Files are read when somebody first asks for them. */
export function docsRoutes({ title }: HttpSettings): HttpRoute[] {
  const files = new Map<string, Promise<Buffer>>();
  const fileOf = (name: string): Promise<Buffer> => {
    let file = files.get(name);
    if (!file) {
      file = readViewerFile(name);
      files.set(name, file);
      // A file that could not be read may be there the next time.
      file.catch(() => files.delete(name));
    }
    return file;
  };
  return [
    route("/docs", "docs", "This document, for people", "text/html", () =>
      answer(pageOf(title), "text/html; charset=utf-8", "no-cache"),
    ),
    route("/docs/start.js", "docs-start", "A part of the page at /docs", "text/javascript", () =>
      answer(START, "text/javascript; charset=utf-8", "no-cache"),
    ),
    ...Object.entries(FILES).map(([name, type]) =>
      route(
        `/docs/${name}`,
        `docs-${name}`,
        "A part of the page at /docs",
        type.split(";")[0] as string,
        async () => answer(await fileOf(name), type, "public, max-age=86400"),
      ),
    ),
  ];
}

function route(
  path: string,
  id: string,
  summary: string,
  type: string,
  handle: () => Response | Promise<Response>,
): HttpRoute {
  const schema = { type: "string" };
  return {
    owner: "core",
    method: "GET",
    path,
    access: "open",
    policy: "open",
    operation: {
      id: `system.${id}`,
      tag: "system",
      summary,
      responses: { 200: { description: "The file.", type, schema } },
      errors: [],
    },
    handle,
  };
}

async function readViewerFile(name: string): Promise<Buffer> {
  try {
    return await readFile(new URL(name, BUILT));
  } catch {
    // From source, as in tests of this repository: nothing is built.
    return readFile(createRequire(import.meta.url).resolve(`${PACKAGE}/${name}`));
  }
}

function answer(body: string | Buffer, type: string, cacheControl: string): Response {
  const headers = {
    "content-type": type,
    "cache-control": cacheControl,
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
  };
  return new Response(typeof body === "string" ? body : new Uint8Array(body), { headers });
}

function pageOf(title: string): string {
  const shown = title.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${shown}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;
}
