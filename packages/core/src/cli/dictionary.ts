import { writeFileSync } from "node:fs";
import { baseOf } from "./base-of.js";
import { readApi } from "./client-types/read-api.js";
import type { Command } from "./command.js";

/** The data dictionary of an API that runs: with the fields of all its plugins, as the key may see them. */
export const dictionaryCommand: Command = {
  name: "dictionary",
  summary: "Write the data dictionary of an API that runs: every field with type, source and sensitivity.",
  operand: { name: "url", meaning: "where the API is: https://crm.example.com" },
  options: {
    key: "API key: the fields that it may see; default: the variable CORM_API_KEY.",
    format: "csv or json; default: csv.",
    out: "File to write. Default: print.",
  },
  async run({ operand = "", options, env }, output) {
    const base = baseOf(operand);
    if (base === undefined) {
      output.error(`"${operand}" is no URL of an API: give one such as https://crm.example.com`);
      return 2;
    }
    const key = options["key"] ?? (env["CORM_API_KEY"] || undefined);
    if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) {
      output.error("The key has characters that no key has, such as spaces or line ends.");
      return 2;
    }
    const format = options["format"] ?? "csv";
    if (format !== "csv" && format !== "json") {
      output.error(`--format is csv or json, not "${format}".`);
      return 2;
    }
    try {
      const accept = format === "csv" ? "text/csv" : "application/json";
      const text = await readApi(`${base}/api/data-dictionary?format=${format}`, key, accept);
      const out = options["out"];
      if (out === undefined) output.out(text.replace(/\r?\n$/, ""));
      else writeFileSync(out, text);
      return 0;
    } catch (error) {
      output.error((error as Error).message);
      return 2;
    }
  },
};
