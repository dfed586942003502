import { crmCore, defineEntity, definePlugin, opportunities, provide, Type } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
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
        entity: deal,
        open: ({ name, accountId, contactId }) => ctx.repo(deal).create({ name, accountId, contactId }),
      })),
    ],
  }),
});

export async function leadsCrm(options?: LeadsOptions) {
  const test = await createTestCrm({ plugins: [crmCore(), deals(), leads(options)] });
  return { ...test, browser: visitor(test) };
}

type Test = Awaited<ReturnType<typeof leadsCrm>>;

interface Sent {
  readonly headers?: Record<string, string>;
  readonly address?: string;
}

/** Calls the public routes as a visitor's browser or program does. */
export function visitor({ crm }: Pick<Awaited<ReturnType<typeof createTestCrm>>, "crm">) {
  const http = createHttp(crm, { clientAddress: (c) => c.req.header("x-from") });
  const call = async (path: string, init: RequestInit, { headers, address }: Sent) =>
    http.request(`/public/forms/${path}`, {
      ...init,
      headers: { "x-from": address ?? "203.0.113.7", ...(init.headers as object), ...headers },
    });
  return {
    get: (path: string, sent: Sent = {}) => call(path, {}, sent),
    post: (path: string, body: string | object, sent: Sent = {}) =>
      call(
        path,
        typeof body === "string"
          ? { method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded" } }
          : {
              method: "POST",
              body: JSON.stringify(body),
              headers: { "content-type": "application/json" },
            },
        sent,
      ),
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
