import { writeFileSync } from "node:fs";
import { askedApi } from "./asked-api.js";
import { apiShape } from "./client-types/api-shape.js";
import { clientTypes } from "./client-types/client-types.js";
import { readJson } from "./client-types/read-api.js";
import type { Command } from "./command.js";

/** Types of a served CRM, for projects that have not its source. */
export const clientTypesCommand: Command = {
  name: "client types",
  summary: "Write the types that @corm/client takes, from an API that runs.",
  operand: { name: "url", meaning: "where the API is: https://crm.example.com" },
  options: {
    key: "API key: types of what it may see; default: the variable CORM_API_KEY, else the whole API.",
    out: "File to write, crm.d.ts; one that ends in .ts alone has the paths as well. Default: print.",
  },
  async run(call, output) {
    const api = askedApi(call);
    if (typeof api === "string") {
      output.error(api);
      return 2;
    }
    const { base, key } = api;
    const { options } = call;
    const out = options["out"];
    try {
      const document = await readJson(`${base}/openapi.json`, key);
      const meta = key === undefined ? undefined : await readJson(`${base}/api/meta`, key);
      const shape = apiShape(document, meta);
      if (!shape) throw new Error(`What ${base} answers is not of a Corm API.`);
      const text = clientTypes(shape, out !== undefined && !/\.d\.[cm]?ts$/.test(out));
      if (out === undefined) output.out(text);
      else writeFileSync(out, `${text}\n`);
      return 0;
    } catch (error) {
      output.error((error as Error).message);
      return 2;
    }
  },
};
