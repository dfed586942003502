import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const sources = fileURLToPath(new URL("../../src/", import.meta.url));

/** An entry of the client as the bundler of a front end would pack it, and the files that went in. */
export async function bundle(contents: string): Promise<{ code: string; inputs: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: sources, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    metafile: true,
  });
  return { code: outputFiles[0]?.text ?? "", inputs: Object.keys(metafile.inputs) };
}
