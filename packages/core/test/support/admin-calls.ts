import type { PluginList } from "@corm/core";
import { createHttp } from "@corm/core/http";
import type { TestCrm } from "@corm/core/testing";

export interface JsonAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Calls of an administrator of the tenant `test`, JSON in and out. */
export function adminCalls<Ps extends PluginList>(app: TestCrm<Ps>) {
  const identity = { actor: { kind: "user" as const, id: app.me.newId() }, tenant: "test", roles: ["admin"] };
  const http = createHttp(app.crm, { authenticate: async () => identity });
  return async (method: string, path: string, body?: object): Promise<JsonAnswer> => {
    const response = await http.request(path, {
      method,
      headers: { "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
}
