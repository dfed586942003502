export { createClient } from "./create-client.js";
export { type ClientIssue, CormClientError, isCormClientError } from "./errors.js";
export type {
  CallOptions,
  ChangeOptions,
  ClientOptions,
  CookieOptions,
  Middleware,
  PostOptions,
  RetryOptions,
  Surroundings,
  TokenProvider,
} from "./options.js";
export type { AnyApp, Client, ClientBase, ClientQuery, EntityClient, EntityClients } from "./surface.js";
