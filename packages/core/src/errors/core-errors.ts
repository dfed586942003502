import type { Issue } from "./corm-error.js";
import { defineError } from "./define-error.js";

export const UnknownField = defineError<{
  entity: string;
  field: string;
  /** What was taken for the name of something else: an operator, a relation. Default `field`. */
  what?: "field" | "operator" | "relation";
  /** It exists, but this caller does not write it. */
  readOnly?: boolean;
  nearest?: string | undefined;
}>("unknown-field", {
  status: 400,
  title: "Unknown field",
  detail: ({ entity, field, what = "field", readOnly, nearest }) =>
    readOnly
      ? `"${field}" of "${entity}" can be read, but not written.`
      : `"${entity}" has no ${what} "${field}"${nearest ? `. Did you mean "${nearest}"?` : "."}`,
  issues: ({ field, what = "field" }) => [
    {
      pointer: `/${field.replaceAll("~", "~0").replaceAll("/", "~1")}`,
      code: "unknown-field",
      message: `unknown ${what}`,
    },
  ],
});

export const ValidationFailed = defineError<{ entity: string; issues: readonly Issue[] }>(
  "validation-failed",
  {
    status: 422,
    title: "Validation failed",
    detail: ({ entity, issues }) =>
      `${entity}: ${issues.map((i) => `${i.pointer || "/"} ${i.message}`).join("; ")}`,
    issues: ({ issues }) => issues,
  },
);

export const NotFound = defineError<{ entity: string; id: string }>("not-found", {
  status: 404,
  title: "Not found",
  detail: ({ entity, id }) => `There is no ${entity} ${id}.`,
});

export const VersionConflict = defineError<{ entity: string; id: string; expected: number; actual: number }>(
  "version-conflict",
  {
    status: 412,
    title: "The record has changed",
    detail: ({ entity, id, expected, actual }) =>
      `${entity} ${id} is at version ${actual}, not ${expected}. Read it again and repeat the change on what you find.`,
  },
);

export const InvalidQuery = defineError<{ reason: string }>("invalid-query", {
  status: 400,
  title: "The query is not valid",
  detail: ({ reason }) => reason,
});

export const InvalidCursor = defineError<{ reason: string }>("invalid-cursor", {
  status: 400,
  title: "The cursor does not fit",
  detail: ({ reason }) => `${reason}. Start again without "after".`,
});

export const MixedCurrencies = defineError<{ field: string; currencies: readonly string[] }>(
  "mixed-currencies",
  {
    status: 422,
    title: "Several currencies cannot be added",
    detail: ({ field, currencies }) =>
      `"${field}" holds ${currencies.join(" and ")} in one group. Add "${field}.currency" to groupBy, or filter by currency.`,
  },
);

export const HookFailed = defineError<{
  hook: string;
  plugin: string;
  on: string;
  /** It ran after the commit. */
  committed?: boolean;
}>("hook-failed", {
  status: 500,
  title: "A hook failed",
  detail: ({ hook, plugin, on, committed }) =>
    `Hook "${hook}" of plugin "${plugin}" threw on ${on}. ${committed ? "What it follows is committed" : "Nothing was written"}; the cause has the details.`,
});

export const HookBrokeInput = defineError<{
  on: string;
  problems: readonly string[];
  hooks: readonly string[];
}>("hook-broke-input", {
  status: 500,
  title: "A hook left an unusable input",
  detail: ({ on, problems, hooks }) =>
    `A hook before ${on} left what cannot be used: ${problems.join("; ")}. Nothing was written. One of these did it: ${hooks.join(", ")}.`,
});

export const CapabilityUnknown = defineError<{ capability: string; nearest?: string | undefined }>(
  "capability-unknown",
  {
    status: 500,
    title: "No such capability",
    detail: ({ capability, nearest }) =>
      `No plugin declares the capability "${capability}"${nearest ? `, did you mean "${nearest}"?` : "."} Declare it in "capabilities" of the plugin that needs the rights of the system.`,
  },
);

export const CapabilityWithheld = defineError<{ capability: string; reason: string }>("capability-withheld", {
  status: 403,
  title: "This app does not do that",
  detail: ({ capability, reason }) =>
    `The app withholds "${capability}", which is needed for: ${reason}. It is listed in createCrm({ withhold }).`,
});

export const HookRecursion = defineError<{ chain: readonly string[] }>("hook-recursion", {
  status: 500,
  title: "Hooks call one another without end",
  detail: ({ chain }) =>
    `Writes trigger one another without end: ${chain.join(" -> ")}. Let one of the hooks skip changes that it made itself.`,
});

export const TransactionMisuse = defineError<{ reason: string }>("transaction-misuse", {
  status: 500,
  title: "A session was used outside its transaction",
  detail: ({ reason }) => reason,
});

export const TransactionAborted = defineError<{ failed: string }>("transaction-aborted", {
  status: 500,
  title: "The transaction can only roll back",
  detail: ({ failed }) =>
    `${failed} failed in this transaction, so nothing of it can be kept. Let the error pass, or wrap the part that may fail in tx.savepoint().`,
});

export const ServiceMissing = defineError<{ service: string }>("service-missing", {
  status: 500,
  title: "No plugin provides this service",
  detail: ({ service }) =>
    `No plugin of this app provides "${service}". Add the plugin that does, or use ctx.optional().`,
});

export const EntityMissing = defineError<{ entity: string; nearest?: string | undefined }>("entity-missing", {
  status: 500,
  title: "No plugin declares this entity",
  detail: ({ entity, nearest }) =>
    `No plugin of this app declares "${entity}"${nearest ? ` (there is "${nearest}")` : ""}. Add its plugin to createCrm({ plugins }).`,
});

export const ActionMissing = defineError<{ action: string }>("action-missing", {
  status: 500,
  title: "No plugin declares this action",
  detail: ({ action }) =>
    `No plugin of this app lists the action "${action}". Add it to its plugin's \`actions\`.`,
});

export const SchemaConflicts = defineError<{ problems: readonly string[] }>("schema-conflicts", {
  status: 500,
  title: "The database does not fit the plugins",
  detail: ({ problems }) =>
    `The schema was not changed, since data would be lost or refused:\n${problems.map((p) => `  - ${p}`).join("\n")}`,
});

export const Unauthenticated = defineError<{ reason: string }>("unauthenticated", {
  status: 401,
  title: "Not authenticated",
  detail: ({ reason }) => reason,
});

export const Forbidden = defineError<{ reason: string }>("forbidden", {
  status: 403,
  title: "Not allowed",
  detail: ({ reason }) => reason,
});
