import { crmCore, defineEntity, definePlugin, opportunities, provide, type RouteAccess } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import Type from "typebox";
import { type CaptureFormInput, type LeadsOptions, leads } from "../src/index.js";

const deal = defineEntity("deal", {
  fields: {
    name: Type.String(),
    accountId: Type.Optional(Type.String()),
    contactId: Type.Optional(Type.String()),
  },
});

/** Stands for the plugin that keeps opportunities. */
export const deals = definePlugin({
  name: "deals",
  version: "0.1.0",
  corm: "^0.1",
  setup: () => ({
    entities: { deal },
    services: [
      provide(opportunities, (ctx) => ({
        open: ({ name, accountId, contactId }) => ctx.repo(deal).create({ name, accountId, contactId }),
      })),
    ],
  }),
});

export async function leadsCrm(options?: LeadsOptions) {
  const plugin = leads(options);
  const test = await createTestCrm({ plugins: [crmCore(), deals(), plugin] });
  return { ...test, browser: visitor(plugin, test) };
}

type Test = Awaited<ReturnType<typeof leadsCrm>>;
export type Browser = Test["browser"];

interface Sent {
  readonly body?: string | object;
  readonly headers?: Record<string, string>;
  readonly address?: string;
}

/** Calls the plugin's public routes as a visitor. */
function visitor(
  plugin: ReturnType<typeof leads>,
  { crm }: Pick<Awaited<ReturnType<typeof createTestCrm>>, "crm">,
) {
  const access: RouteAccess = {
    get ctx(): never {
      throw new Error("public routes have no caller");
    },
    forTenant: (tenant) => crm.as({ actor: { kind: "public", route: "test" }, tenant }),
    defaultTenant: "test",
    tokens: crm.as({ actor: { kind: "public", route: "test" }, tenant: "test" }).tokens,
  };
  const call = (method: string, path: string, { body, headers, address }: Sent) => {
    const route = plugin.parts.routes?.find((found) => found.method === method);
    if (!route) throw new Error(`no ${method} route`);
    const url = new URL(path, "https://crm.example/public/forms/");
    const raw = new Request(url, {
      method,
      headers: {
        ...(typeof body === "object" ? { "content-type": "application/json" } : {}),
        ...(typeof body === "string" ? { "content-type": "application/x-www-form-urlencoded" } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "object" ? JSON.stringify(body) : body }),
    });
    const key = decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
    return route.handle(
      {
        params: { key },
        query: url.searchParams,
        headers: raw.headers,
        body: undefined as never,
        raw,
        clientAddress: address ?? "203.0.113.7",
      },
      access,
    );
  };
  return {
    get: (path: string, sent: Sent = {}) => call("GET", path, sent),
    post: (path: string, body: string | object, sent: Sent = {}) => call("POST", path, { ...sent, body }),
  };
}

export const contactForm: CaptureFormInput = {
  key: "contact",
  title: "Contact us",
  fields: [
    { name: "firstName", label: "First name", type: "text" },
    { name: "lastName", label: "Last name", type: "text", required: true },
    { name: "email", label: "E-mail", type: "email", required: true },
    { name: "message", label: "Message", type: "textarea", to: "notes" },
    { name: "size", label: "Team", type: "select", options: [{ value: "1", label: "Just me" }] },
    { name: "news", label: "Send me news", type: "consent", topic: "newsletter" },
  ],
};

export const ada = { firstName: "Ada", lastName: "Lovelace", email: "Ada@Example.com" };

/** Opens the form, waits as a person does, and answers its token. */
export async function openForm(test: Test, key = "contact", seconds = 20): Promise<string> {
  const form = (await (await test.browser.get(key)).json()) as { token: string };
  test.clock.advance(seconds * 1000);
  return form.token;
}
