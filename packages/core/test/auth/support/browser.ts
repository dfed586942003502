import {
  type AccountMessage,
  accountMessages,
  definePlugin,
  provide,
  type StorageAdapter,
  setPassword,
  user,
} from "@corm/core";
import { createHttp, type HttpCrm, type HttpOptions, type SignInOptions } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import type { Hono } from "hono";
import { vi } from "vitest";
import { Contract } from "../../http/support/contract.js";
import { plugins } from "../../http/support/parcels.js";

export const ORIGIN = "https://crm.example.com";
export const PASSWORD = "a heron over the weir";
/** Of the hashes of tests: the least that is allowed. */
export const COST = 14;

type Json = Record<string, unknown>;

export interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
  readonly text: string;
}

export interface Send {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Leave the CSRF token out. */
  readonly bare?: boolean;
  readonly address?: string;
}

/** What a browser does: keeps cookies, and sends them along. */
export class Browser {
  readonly cookies = new Map<string, string>();
  csrf: string | undefined;
  readonly #http: Hono;
  readonly #contract: Contract;

  constructor(http: Hono, contract: Contract) {
    this.#http = http;
    this.#contract = contract;
  }

  async send(method: string, path: string, { body, headers, bare, address }: Send = {}): Promise<Sent> {
    const response = await this.#http.request(`${ORIGIN}${path}`, {
      method,
      headers: {
        "sec-fetch-site": "same-origin",
        ...(method === "GET" ? {} : { origin: ORIGIN }),
        ...(this.cookies.size > 0 ? { cookie: this.cookieHeader() } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(this.csrf === undefined || bare ? {} : { "x-csrf-token": this.csrf }),
        ...(address === undefined ? {} : { "x-test-address": address }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ""] = cookie.split(";");
      const [name = "", value = ""] = pair.split(/=(.*)/s);
      if (/Max-Age=0/.test(cookie)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const text = await response.text();
    this.#contract.check(method, path, response.status, response.headers.get("content-type"), text);
    const parsed = text === "" ? {} : (JSON.parse(text) as Json);
    return { status: response.status, headers: response.headers, body: parsed, text };
  }

  cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async signIn(
    email: string,
    password = PASSWORD,
    more: Send & { readonly tenant?: string } = {},
  ): Promise<Sent> {
    const { tenant, ...options } = more;
    const body = { email, password, ...(tenant === undefined ? {} : { tenant }) };
    const answer = await this.send("POST", "/public/auth/sign-in", { ...options, body });
    if (answer.status === 200) this.csrf = answer.body["csrfToken"] as string;
    return answer;
  }
}

/** An app with a user "ada@example.org", whose messages arrive in a list. */
export async function startSignIn(
  options: {
    readonly signIn?: SignInOptions | ((crm: HttpCrm) => SignInOptions);
    readonly http?: HttpOptions;
    readonly storage?: StorageAdapter;
  } = {},
) {
  const mail: AccountMessage[] = [];
  const mailbox = definePlugin({
    name: "mailbox",
    version: "1.0.0",
    corm: "^0.1",
    setup: () => ({
      services: [
        provide(accountMessages, () => ({
          send: async (message) => {
            mail.push(message);
          },
        })),
      ],
    }),
  });
  const app = await createTestCrm({
    plugins: [...plugins, mailbox()],
    ...(options.storage ? { storage: options.storage } : {}),
  });
  const loose = { limit: 100_000, windowSeconds: 60 };
  const { signIn = {} } = options;
  const http = createHttp(app.crm, {
    tenants: ["test", "other"],
    clientAddress: (c) => c.req.header("x-test-address") ?? "203.0.113.7",
    ...options.http,
    signIn: {
      passwords: { cost: COST },
      perAddress: loose,
      perAccount: [loose],
      ...(typeof signIn === "function" ? signIn(app.crm) : signIn),
    },
  });
  const contract = new Contract((await (await http.request("/openapi.json")).json()) as Json);
  /** The next message to somebody, which is sent beside the request. */
  const mailTo = async (email: string): Promise<AccountMessage> => {
    const message = await vi.waitFor(() => {
      const found = mail.find((one) => one.user.email === email);
      if (!found) throw new Error(`nothing came for ${email}`);
      return found;
    });
    mail.splice(mail.indexOf(message), 1);
    return message;
  };
  const system = app.me.asSystem({ reason: "test" });
  const addUser = async (email: string, password: string | null = PASSWORD) => {
    const record = await system.repo(user).create({ name: email.split("@")[0] as string, email });
    if (password !== null) await setPassword(system, record.id, password, { cost: COST });
    return record;
  };
  const ada = await addUser("ada@example.org");
  return {
    ...app,
    http,
    contract,
    mail,
    mailTo,
    system,
    addUser,
    ada,
    browser: () => new Browser(http, contract),
  };
}

export type SignInApp = Awaited<ReturnType<typeof startSignIn>>;
