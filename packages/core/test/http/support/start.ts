import { issueApiKey, type StorageAdapter } from "@corm/core";
import { createHttp, type HttpOptions } from "@corm/core/http";
import { createTestCrm, type TestCrm } from "@corm/core/testing";
import { expect } from "vitest";
import { Contract, isJson } from "./contract.js";
import { plugins } from "./parcels.js";

export type Json = Record<string, unknown>;

export interface Call {
  /** Sent as JSON, unless it is text, bytes or a form already. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** `null` for none. Default: the key of tenant `test`. */
  readonly key?: string | null;
  readonly signal?: AbortSignal;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON, or the text. */
  readonly body: Json;
  readonly text: string;
}

export interface TestApi extends TestCrm<typeof plugins> {
  readonly key: string;
  /** Of tenant `other`. */
  readonly foreignKey: string;
  readonly contract: Contract;
  /** Another key of tenant `test`. */
  newKey(name: string): Promise<{ readonly key: string }>;
  /** Sends a request and checks the answer against the OpenAPI document and the rules for all answers. */
  call(method: string, path: string, options?: Call): Promise<Answered>;
  /** A call that must fail in this way. */
  fails(status: number, code: string, method: string, path: string, options?: Call): Promise<Answered>;
}

export async function startApi(
  options: HttpOptions = { tenants: ["test", "other"] },
  storage?: StorageAdapter,
): Promise<TestApi> {
  const app = await createTestCrm({ plugins, ...(storage ? { storage } : {}) });
  const { key } = await issueApiKey(app.me, { name: "tests", roles: ["admin"] });
  const { key: foreignKey } = await issueApiKey(app.inTenant("other"), { name: "tests", roles: ["admin"] });
  const http = createHttp(app.crm, options);
  const contract = new Contract((await (await http.request("/openapi.json")).json()) as Json);

  const call = async (method: string, path: string, { body, headers, key: own = key, signal }: Call = {}) => {
    const raw = typeof body === "string" || body instanceof Uint8Array || body instanceof ReadableStream;
    const response = await http.request(path, {
      method,
      headers: {
        ...(own === null ? {} : { authorization: `Bearer ${own}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body), duplex: "half" }),
      ...(signal ? { signal } : {}),
    } as RequestInit);
    const text = await response.text();
    const type = response.headers.get("content-type");
    if (method !== "HEAD") contract.check(method, path, response.status, type, text);
    checkHeaders(path, response);
    const parsed = text !== "" && isJson(type) ? JSON.parse(text) : text;
    if (response.status >= 400 && method !== "HEAD") checkProblem(response, parsed);
    return { status: response.status, headers: response.headers, body: parsed as Json, text };
  };
  return {
    ...app,
    key,
    foreignKey,
    contract,
    newKey: (name) => issueApiKey(app.me, { name, roles: ["admin"] }),
    call,
    async fails(status, code, method, path, init) {
      const answer = await call(method, path, init);
      expect([answer.status, answer.body["code"]], answer.text).toEqual([status, code]);
      return answer;
    },
  };
}

function checkHeaders(asked: string, { headers }: Response): void {
  const path = new URL(asked, "http://localhost").pathname;
  expect(headers.get("x-request-id")).toMatch(/^[\w.-]{8,64}$/);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  if (!path.startsWith("/api/")) return;
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("vary")).toBe("Authorization, Cookie");
}

function checkProblem(response: Response, problem: Json): void {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(problem["status"]).toBe(response.status);
  expect(problem["type"]).toBe(`https://corm.dev/problems/${problem["code"]}`);
  expect(problem["instance"]).toBe(response.headers.get("x-request-id"));
  if (response.status === 401) expect(response.headers.get("www-authenticate")).toContain("Bearer");
}
