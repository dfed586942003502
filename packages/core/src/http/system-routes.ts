import { docsRoutes } from "./docs-viewer.js";
import { llmsText } from "./llms.js";
import { openApiDocument } from "./openapi/document.js";
import { ref } from "./openapi/schemas.js";
import type { HttpSettings } from "./options.js";
import { PROBLEM_TYPE } from "./problem.js";
import { readinessProbe } from "./readiness.js";
import type { HttpCall, HttpRoute } from "./route.js";

/** What a host's operators and readers ask: is it up, is it ready, what is there. */
export function systemRoutes(described: readonly HttpRoute[], settings: HttpSettings): HttpRoute[] {
  const system = (path: string, operation: Omit<HttpRoute["operation"], "tag" | "errors">) => ({
    owner: "core",
    method: "GET" as const,
    path,
    access: "open" as const,
    policy: "open",
    once: "around" as const,
    operation: { ...operation, tag: "system", errors: [] },
  });
  const probe = readinessProbe(settings);
  const status = { type: "object", properties: { status: { const: "ok" } }, required: ["status"] };
  const checks = { type: "object", additionalProperties: { const: "ok" } };
  const ready = { ...status, properties: { ...status.properties, checks }, required: ["status", "checks"] };
  const routes: HttpRoute[] = [
    {
      ...system("/healthz", {
        id: "system.health",
        summary: "Is the process up?",
        responses: { 200: { description: "It is.", schema: status } },
      }),
      handle: () => ({ status: 200, body: { status: "ok" } }),
    },
    {
      ...system("/readyz", {
        id: "system.readiness",
        summary: "Can it answer requests?",
        responses: {
          200: { description: "It can.", schema: ready },
          503: { description: "It cannot, and why.", type: PROBLEM_TYPE, schema: ref("Corm.NotReady") },
        },
      }),
      handle: (call) => probe(call.requestId),
    },
    {
      ...system("/openapi.json", {
        id: "system.openapi",
        summary: "This document",
        responses: { 200: { description: "OpenAPI 3.1.", schema: { type: "object" } } },
      }),
      handle: (call) => ({
        status: 200,
        body: { ...document(), servers: [{ url: prefixOf(call, "/openapi.json") || "/" }] },
        headers: { "cache-control": "no-cache" },
      }),
    },
    {
      ...system("/llms.txt", {
        id: "system.llms",
        summary: "The same in plain text, for language models",
        responses: {
          200: { description: "Plain text.", type: "text/plain", schema: { type: "string" } },
        },
      }),
      handle: (call) =>
        new Response(llmsText(described, settings, prefixOf(call, "/llms.txt")), {
          headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-cache" },
        }),
    },
  ];
  routes.push(...docsRoutes(settings));
  const all = [...routes, ...described];
  let made: Readonly<Record<string, unknown>> | undefined;
  const document = () => {
    made ??= openApiDocument(all, settings);
    return made;
  };
  return routes;
}

/** What the host mounted the app under, by what it was asked for. */
function prefixOf(call: HttpCall, path: string): string {
  return call.path.slice(0, -path.length);
}
