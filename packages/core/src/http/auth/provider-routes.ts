import type { Parameter } from "../openapi/operation.js";
import type { HttpSettings } from "../options.js";
import type { HttpRoute } from "../route.js";
import type { SignInSettings } from "./options.js";
import { providerHandlers } from "./provider-handlers.js";
import { closed, cookie, route, text } from "./route-parts.js";
import type { FindBrowserSession } from "./session-authenticator.js";

/** Signing in by a provider: there, and back. */
export function providerRoutes(
  settings: HttpSettings,
  signIn: SignInSettings,
  find: FindBrowserSession,
): HttpRoute[] {
  const provided = providerHandlers(settings, signIn, find);
  const provider: Parameter = {
    name: "provider",
    in: "path",
    required: true,
    schema: { type: "string", enum: signIn.providers.map(({ name }) => name) },
  };
  const leads = { Location: { description: "Where to go on.", schema: { type: "string" } }, ...cookie };
  return [
    route("GET", "/public/auth/providers", provided.list, {
      id: "auth.providers",
      summary: "Providers by which one may sign in",
      responses: {
        200: {
          description: "One button each.",
          schema: closed({
            data: { type: "array", items: closed({ name: text(32), label: text(200), url: text(1000) }) },
          }),
        },
      },
      errors: [400],
    }),
    route("GET", "/public/auth/providers/{provider}", provided.begin, {
      id: "auth.begin-by-provider",
      summary: "Sign in by a provider",
      description:
        "A page that the browser goes to. It comes back to `returnTo`, with a session or with `signInError`.",
      parameters: [
        provider,
        {
          name: "returnTo",
          in: "query",
          description: "A path of this app, or a page of a listed origin. Default `/`.",
          schema: text(1000),
        },
      ],
      responses: { 302: { description: "To the provider.", headers: leads } },
      errors: [400, 403, 404, 429, 503],
    }),
    route("GET", "/public/auth/providers/{provider}/callback", provided.callback, {
      id: "auth.end-by-provider",
      summary: "Where a provider sends the browser back to",
      parameters: [
        provider,
        ...["code", "state", "error", "error_description", "iss"].map(
          (name): Parameter => ({
            name,
            in: "query",
            description: "Of the provider.",
            schema: { type: "string" },
          }),
        ),
      ],
      responses: {
        303: { description: "Signed in, or led back where a page is asked for.", headers: leads },
      },
      errors: [401, 403, 404, 429, 503],
    }),
  ];
}
