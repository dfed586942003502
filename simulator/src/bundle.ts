import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "tsup";
import type { Mutant } from "./mutants.js";

const root = join(import.meta.dirname, "../..");

/**
 * Bundles the simulator with the packages as they are, or with one fault in them, and answers the file.
 *
 * @throws where the text to be changed is not there once: the mutant is to be written anew
 */
export async function bundle(folder: string, mutant?: Mutant): Promise<string> {
  let changed = 0;
  const target = mutant && join(root, mutant.file);
  await build({
    config: false,
    entry: { simulate: join(import.meta.dirname, "cli.ts") },
    outDir: folder,
    format: "esm",
    target: "node20",
    platform: "node",
    splitting: false,
    treeshake: true,
    clean: true,
    silent: true,
    sourcemap: mutant === undefined,
    noExternal: [/^@corm\//],
    external: [/^(?!@corm\/)[^./]/],
    outExtension: () => ({ js: ".mjs" }),
    esbuildOptions(options) {
      options.conditions = ["@corm/source"];
    },
    esbuildPlugins: [
      {
        name: "mutant",
        setup(plugins) {
          if (!mutant) return;
          plugins.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            if (path !== target) return undefined;
            const text = await readFile(path, "utf8");
            changed = text.split(mutant.from).length - 1;
            return { contents: text.replace(mutant.from, mutant.to), loader: "ts" };
          });
        },
      },
    ],
  });
  if (mutant && changed !== 1)
    throw new Error(
      `The mutant "${mutant.name}" changes ${changed} places of ${mutant.file}, and must change one.`,
    );
  return join(folder, "simulate.mjs");
}
