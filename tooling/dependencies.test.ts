import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const manifest = (folder: string) => JSON.parse(read(join(folder, "package.json")));

const published = readdirSync(join(root, "packages")).map((name) => join("packages", name));
const examples = readdirSync(join(root, "examples")).map((name) => join("examples", name));

test("docs/dependencies.md lists every dependency, and no other", () => {
  const declared = [".", "benchmarks", "evaluate", ...published, ...examples].flatMap((folder) => {
    const { dependencies, devDependencies, peerDependencies } = manifest(folder);
    return Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
  });
  const listed = [...read("docs/dependencies.md").matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
  const foreign = declared.filter((name) => !name.startsWith("@corm/"));
  expect(listed.toSorted()).toEqual([...new Set(foreign)].toSorted());
});

test("the published packages agree on licence, engines and version", () => {
  const traits = published.map(manifest).map(({ license, engines, version, type, sideEffects }) => ({
    license,
    engines,
    version,
    type,
    sideEffects,
  }));
  for (const trait of traits) expect(trait).toEqual(traits[0]);
});

test("every plugin takes core from its host", () => {
  const plugins = published.map(manifest).filter(({ name }) => name.startsWith("@corm/plugin-"));
  for (const { name, dependencies, peerDependencies } of plugins) {
    expect(peerDependencies["@corm/core"], name).toBe(">=0.1.0 <1");
    expect(dependencies?.["@corm/core"], name).toBeUndefined();
  }
});

test("the client depends on nothing", () => {
  const { dependencies, peerDependencies } = manifest("packages/client");
  expect([dependencies, peerDependencies]).toEqual([undefined, undefined]);
});
