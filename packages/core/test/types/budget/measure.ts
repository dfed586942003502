import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { appSource, PLUGINS, pluginSource } from "./toy.js";

export interface MeasuredApp {
  /** Types that the compiler made: its work, whatever the machine. */
  readonly instantiations: number;
  readonly errors: readonly string[];
  /** Bytes of the app's declaration of `crm`. */
  readonly declaration: number;
  /** What an editor shows of `crm`, of a row, and of a page with selected fields and a relation. */
  readonly hover: { readonly crm: string; readonly row: string; readonly page: string };
}

const core = fileURLToPath(new URL("../../../src/index.ts", import.meta.url));
const modules = fileURLToPath(new URL("../../../../../node_modules", import.meta.url));

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ["lib.es2023.d.ts"],
  types: ["node"],
  typeRoots: [join(modules, "@types")],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  skipLibCheck: true,
  declaration: true,
  paths: { "@corm/core": [core] },
};

/**
 * Compiles plugins to declarations, then apps against these, as installed packages are. Answers the apps by the number of
 * entities that they use of each plugin. Core is read from its source, which is checked elsewhere.
 */
export function measureTypes(uses: readonly number[]): MeasuredApp[] {
  const folder = mkdtempSync(join(tmpdir(), "corm-types-"));
  try {
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    symlinkSync(modules, join(folder, "node_modules"));
    const published = publishPlugins(folder);
    return uses.map((n) => measureApp(write(join(published, `app${n}.ts`), appSource(n))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function publishPlugins(folder: string): string {
  const rootDir = join(folder, "src");
  const outDir = join(folder, "published");
  const files = Array.from({ length: PLUGINS }, (_, plugin) =>
    write(join(rootDir, `plugin${plugin}.ts`), pluginSource(plugin)),
  );
  const program = ts.createProgram(files, {
    ...options,
    rootDir: "/",
    outDir: folder,
    noCheck: true,
    emitDeclarationOnly: true,
  });
  for (const file of files)
    program.emit(program.getSourceFile(file), (path, text) =>
      write(join(outDir, path.slice(path.lastIndexOf("/") + 1)), text),
    );
  return outDir;
}

function write(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** Through the language service, since it is editors that the types are for. */
function measureApp(file: string): MeasuredApp {
  const service = ts.createLanguageService(hostOf(file));
  const errors = service
    .getSemanticDiagnostics(file)
    .map(
      ({ messageText, start = 0 }) =>
        `${file.slice(file.lastIndexOf("/") + 1)}:${start} ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
    );
  const instantiations = service.getProgram()?.getInstantiationCount() ?? 0;
  const declared = service.getEmitOutput(file, true, true).outputFiles[0]?.text ?? "";
  const text = ts.sys.readFile(file) ?? "";
  const hover = (name: string): string => {
    const info = service.getQuickInfoAtPosition(file, text.indexOf(`const ${name} `) + "const ".length);
    return ts.displayPartsToString(info?.displayParts);
  };
  return {
    instantiations,
    errors: errors.slice(0, 5),
    declaration: (/export declare const crm:[^;]*;/.exec(declared)?.[0] ?? declared).length,
    hover: { crm: hover("crm"), row: hover("row"), page: hover("p0E1Page") },
  };
}

function hostOf(file: string): ts.LanguageServiceHost {
  return {
    getCompilationSettings: () => ({ ...options, noEmit: false }),
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (name) => {
      const text = ts.sys.readFile(name);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => dirname(file),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
    realpath: (path) => ts.sys.realpath?.(path) ?? path,
  };
}
