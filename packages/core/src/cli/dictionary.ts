import { writeFileSync } from "node:fs";
import { askedApi } from "./asked-api.js";
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
  async run(call, output) {
    const api = askedApi(call);
    if (typeof api === "string") {
      output.error(api);
      return 2;
    }
    const { base, key } = api;
    const { options } = call;
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
