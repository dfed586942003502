export type { Change, JournalActor, JournalEntry, JournalOperation, TimelineEntry } from "@corm/core";
export { createClient } from "./create-client.js";
export { type ClientIssue, CormClientError, isCormClientError } from "./errors.js";
export type { ExportOptions, FileBody, ImportJob, ImportOptions, Imports } from "./files.js";
export type { ChangesOptions } from "./live/changes.js";
export type { BatchOperation, BatchOptions, BatchResult } from "./many.js";
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
export type {
  AnyApp,
  Client,
  ClientBase,
  ClientQuery,
  EntityClient,
  EntityClients,
  PageQuery,
} from "./surface.js";
