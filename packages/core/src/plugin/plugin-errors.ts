import { defineError } from "../errors/define-error.js";

export const InvalidOptions = defineError<{
  plugin: string;
  problems: readonly string[];
  allowed: readonly string[];
}>("invalid-plugin-options", {
  status: 500,
  title: "A plugin's options are wrong",
  detail: ({ plugin, problems, allowed }) =>
    `Options of plugin "${plugin}": ${problems.join("; ")}. It takes: ${allowed.join(", ") || "no options"}.`,
});

export const CompositionFailed = defineError<{ problems: readonly string[] }>("composition-failed", {
  status: 500,
  title: "The plugins do not fit together",
  detail: ({ problems }) =>
    `The CRM cannot start, ${problems.length === 1 ? "one problem" : `${problems.length} problems`}:\n${problems
      .map((problem) => `  - ${problem}`)
      .join("\n")}`,
});
