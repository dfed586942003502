import { llmsText } from "./llms.js";
import { openApiDocument } from "./openapi/document.js";
import { ref } from "./openapi/schemas.js";
import type { HttpSettings } from "./options.js";
import { PROBLEM_TYPE } from "./problem.js";
import type { HttpCall, HttpRoute } from "./route.js";

const PING_TIMEOUT_MS = 3000;

/** What a host's operators and readers ask: is it up, is it ready, what is there. */
export function systemRoutes(described: readonly HttpRoute[], settings: HttpSettings): HttpRoute[] {
  const system = (path: string, operation: Omit<HttpRoute["operation"], "tag" | "errors">) => ({
    owner: "core",
    method: "GET" as const,
    path,
    access: "open" as const,
    once: "around" as const,
    operation: { ...operation, tag: "system", errors: [] },
  });
  const status = { type: "object", properties: { status: { const: "ok" } }, required: ["status"] };
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
          200: { description: "It can.", schema: status },
          503: { description: "It cannot, and why.", type: PROBLEM_TYPE, schema: ref("Corm.NotReady") },
        },
      }),
      handle: (call) => readiness(call, settings),
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

async function readiness(call: HttpCall, { crm }: HttpSettings) {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the database takes too long")), PING_TIMEOUT_MS);
  });
  try {
    await Promise.race([crm.runtime.storage.ping(), timeout]);
    return { status: 200, body: { status: "ok" } };
  } catch (error) {
    crm.report(error);
    const problem = {
      type: "https://corm.dev/problems/not-ready",
      title: "Not ready",
      status: 503,
      code: "not-ready",
      detail: "The database does not answer.",
      instance: call.requestId,
      checks: { storage: "the database does not answer" },
    };
    return {
      status: 503,
      body: problem,
      headers: { "content-type": PROBLEM_TYPE, "retry-after": "1" },
    };
  } finally {
    clearTimeout(timer);
  }
}
