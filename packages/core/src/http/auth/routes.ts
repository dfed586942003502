import { JSON_TYPE } from "../body.js";
import type { JsonSchema, Parameter } from "../openapi/operation.js";
import type { HttpSettings } from "../options.js";
import type { HttpCall, HttpRoute } from "../route.js";
import { accountHandlers } from "./account-handlers.js";
import type { SignInSettings } from "./options.js";
import { providerRoutes } from "./provider-routes.js";
import { closed, cookie, route, text } from "./route-parts.js";
import type { FindBrowserSession } from "./session-authenticator.js";
import { signInHandlers } from "./sign-in-handlers.js";

const email: JsonSchema = { type: "string", minLength: 3, maxLength: 254 };
const instant: JsonSchema = { type: "string", format: "date-time" };
const id: JsonSchema = { type: "string", format: "uuid" };
const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: "null" }] });

const person = closed({ id, name: { type: "string" }, email: orNull({ type: "string" }) });
const csrfToken: JsonSchema = { type: "string", description: "For the header X-CSRF-Token of changes." };
const signedIn = closed({ user: person, csrfToken, expiresAt: instant });
const session = closed({
  id,
  method: { type: "string" },
  signedInAt: instant,
  lastSeenAt: instant,
  expiresAt: instant,
  address: orNull({ type: "string" }),
  userAgent: orNull({ type: "string" }),
  current: { type: "boolean", description: "The one that asks." },
});
const me = closed({
  actor: closed({ kind: { type: "string" }, id: { type: "string" } }),
  tenant: { type: "string" },
  user: orNull(person),
  roles: { type: "array", items: { type: "string" } },
  scopes: orNull({ type: "array", items: { type: "string" } }),
  csrfToken: orNull(csrfToken),
});
const tenant: JsonSchema = {
  type: "string",
  pattern: "^[\\w.-]{1,64}$",
  description: "Where an app has several tenants.",
};
export const returnTo: Parameter = {
  name: "returnTo",
  in: "query",
  description: "A path of this app, or a page of a listed origin.",
  schema: text(1000),
};
const token = { ...text(200), description: "As it was sent to the user." };
const password = { ...text(1024), description: "8 to 256 characters, not one of the commonest." };

/** Signing in and out, one's own sessions and password. */
export function authRoutes(
  settings: HttpSettings,
  signIn: SignInSettings,
  find: FindBrowserSession,
): HttpRoute[] {
  const open = signInHandlers(settings, signIn, find);
  const own = accountHandlers(settings, signIn, find);
  const limited = [400, 403, 413, 415, 422, 429];
  const takes = (schema: JsonSchema) => ({ required: true, types: [JSON_TYPE], schema });
  const done = { 204: { description: "Done." } };
  const byPassword = [
    route("POST", "/public/auth/sign-in", open.signIn, {
      id: "auth.sign-in",
      summary: "Sign in with a password",
      description: "Begins a session, whose token is in the cookie alone.",
      body: takes(closed({ email, password: text(1024), tenant }, ["tenant"])),
      responses: { 200: { description: "Signed in.", schema: signedIn, headers: cookie } },
      errors: [401, ...limited, 503],
    }),
    route("POST", "/public/auth/request-reset", open.requestReset, {
      id: "auth.request-reset",
      summary: "Ask for a link by which to choose a new password",
      description: "Answers the same whether there is such a user or not.",
      body: takes(closed({ email, tenant }, ["tenant"])),
      responses: { 202: { description: "If there is such a user, he is sent a link." } },
      errors: [...limited, 503],
    }),
    route("POST", "/public/auth/reset", open.reset, {
      id: "auth.reset",
      summary: "Choose a new password by a link",
      description: "Once. Ends all sessions of the user.",
      body: takes(closed({ token, password })),
      responses: done,
      errors: [...limited, 503],
    }),
    route("POST", "/public/auth/accept-invitation", open.acceptInvitation, {
      id: "auth.accept-invitation",
      summary: "Choose the first password by the link of an invitation",
      body: takes(closed({ token, password })),
      responses: done,
      errors: [...limited, 503],
    }),
    route("POST", "/api/auth/change-password", own.changePassword, {
      id: "auth.change-password",
      summary: "Change one's own password",
      description: "Ends all other sessions, and gives this one a new token.",
      body: takes(closed({ password: text(1024), newPassword: password })),
      responses: { 200: { description: "Changed.", schema: signedIn, headers: cookie } },
      errors: [401, ...limited, 503],
    }),
  ];
  return [
    ...(signIn.providers.length > 0 ? providerRoutes(settings, signIn, find) : []),
    ...(signIn.usesPasswords ? byPassword : []),
    route("POST", "/api/auth/sign-out", own.signOut, {
      id: "auth.sign-out",
      summary: "End the session that asks",
      description:
        "With `returnTo` it answers where the browser goes on: to the page of the provider that the session came from, where he signs out there as well and is led back, or else to `returnTo`. A provider has to know that address.",
      ...(signIn.providers.length > 0 ? { parameters: [returnTo] } : {}),
      responses:
        signIn.providers.length > 0
          ? { ...done, 200: { description: "Where to go on.", schema: closed({ url: text(65_536) }) } }
          : done,
      errors: [400, 403],
    }),
    route("GET", "/api/auth/me", own.me, {
      id: "auth.me",
      summary: "Who is asking",
      responses: { 200: { description: "The caller.", schema: me } },
      errors: [400],
    }),
    route("GET", "/api/auth/sessions", own.sessions, {
      id: "auth.sessions",
      summary: "One's own sessions",
      responses: {
        200: {
          description: "Those that are not over.",
          schema: closed({ data: { type: "array", items: session } }),
        },
      },
      errors: [400, 403],
    }),
    route("DELETE", "/api/auth/sessions", own.endOthers, {
      id: "auth.end-other-sessions",
      summary: "End all of one's own sessions but the one that asks",
      responses: done,
      errors: [400, 403],
    }),
    route("DELETE", "/api/auth/sessions/{id}", own.endOne, {
      id: "auth.end-session",
      summary: "End one of one's own sessions",
      parameters: [{ name: "id", in: "path", required: true, schema: id }],
      responses: done,
      errors: [400, 403, 404],
    }),
  ];
}

export type Handler = (call: HttpCall) => ReturnType<HttpRoute["handle"]>;
