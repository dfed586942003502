import type { AddressInfo } from "node:net";
import type { Crm } from "@corm/core";
import { issueApiKey } from "@corm/core";
import { createHttp, type HttpOptions } from "@corm/core/http";
import { createTestCrm, type TestCrm } from "@corm/core/testing";
import { type ServerType, serve } from "@hono/node-server";
import type { Hono } from "hono";
import { plugins } from "./shop.js";

export type ShopCrm = Crm<typeof plugins>;

export interface Served extends TestCrm<typeof plugins> {
  readonly url: string;
  readonly key: string;
  readonly http: Hono;
  close(): Promise<void>;
}

/** The shop, served on a port of its own. */
export async function serveShop(options: HttpOptions = {}): Promise<Served> {
  const app = await createTestCrm({ plugins });
  const { key } = await issueApiKey(app.me, { name: "tests", roles: ["admin"] });
  const http = createHttp(app.crm, options);
  const { url, close } = await listen((request) => http.fetch(request));
  return {
    ...app,
    url,
    key,
    http,
    close: async () => {
      await close();
      await app.crm.stop();
    },
  };
}

/** Whether this version of core has a route, by its path in the OpenAPI document. */
export async function hasRoute(url: string, path: string): Promise<boolean> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as { readonly paths: object };
  return path in document.paths;
}

/** Serves whatever answers requests. */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<{ url: string; close(): Promise<void> }> {
  let server: ServerType | undefined;
  const port = await new Promise<number>((resolve) => {
    server = serve({ fetch, port: 0, hostname: "127.0.0.1" }, (info: AddressInfo) => resolve(info.port));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server?.close(() => resolve());
        (server as { closeAllConnections?: () => void }).closeAllConnections?.();
      }),
  };
}
