import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const client = fileURLToPath(new URL("../../src/index.ts", import.meta.url));
const coreTypes = fileURLToPath(new URL("../../core-types.ts", import.meta.url));
const modules = fileURLToPath(new URL("../../../../node_modules", import.meta.url));

/**
 * What the compiler says of a project outside of the repository: `line: message` for its code, `file:line: message` for
 * other files of it.
 *
 * @param code lines below the imports of `createClient` and `App`
 */
export function problemsOf(
  folder: string,
  files: Readonly<Record<string, string>>,
  code: readonly string[],
): string[] {
  mkdirSync(folder, { recursive: true });
  const head = [
    `import { createClient } from "@corm/client";`,
    `import type { App } from "./crm.js";`,
    `const client = createClient<App>({ url: "https://crm.example.com", key: "k" });`,
  ];
  const use = join(folder, "use.ts");
  const all = { "package.json": '{ "type": "module" }', ...files, "use.ts": [...head, ...code].join("\n") };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text);
  const program = ts.createProgram([use], {
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts"],
    types: ["node"],
    typeRoots: [join(modules, "@types")],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    // Also of what was generated, which is a declaration file.
    skipLibCheck: false,
    noEmit: true,
    customConditions: ["@corm/source"],
    paths: { "@corm/client": [client], "@corm/core": [coreTypes] },
  });
  const own = Object.keys(all).filter((name) => name.endsWith(".ts"));
  const found = own.flatMap((name) => {
    const source = program.getSourceFile(join(folder, name));
    if (!source) return [];
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  });
  return found.map(({ file, start = 0, messageText }) => {
    const line = file?.getLineAndCharacterOfPosition(start).line ?? 0;
    const said = ts.flattenDiagnosticMessageText(messageText, " ").slice(0, 160);
    return file?.fileName === use ? `${line - head.length}: ${said}` : `${file?.fileName}:${line}: ${said}`;
  });
}
