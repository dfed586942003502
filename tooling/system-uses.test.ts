import { join } from "node:path";
import { crmCore } from "@corm/core";
import { analytics } from "@corm/plugin-analytics";
import { leads } from "@corm/plugin-leads";
import { marketing } from "@corm/plugin-marketing";
import { sales } from "@corm/plugin-sales";
import { service } from "@corm/plugin-service";
import { workflow } from "@corm/plugin-workflow";
import { expect, it } from "vitest";
import { CORE_CAPABILITIES } from "../packages/core/src/plugin/core-capabilities.js";
import { readSources } from "./boundaries.js";

const plugins: { readonly name: string; readonly parts: { readonly capabilities?: object } }[] = [
  crmCore(),
  sales(),
  leads(),
  service(),
  workflow(),
  marketing({ from: { address: "news@example.com", name: "Example" }, publicUrl: "https://crm.example.com" }),
  analytics(),
];
/** Adapters that belong to the app: they act for it, and not for a plugin. */
const OF_THE_APP = ["packages/redis/", "packages/nats/"];
/** Where the two are made. */
const DECLARED = /\/(session|crm|create-crm|crm-handle|context|check-options)\.ts$/;
const USE = /(?:\.|\b)(?:asSystem|system)\(\s*(\{[^}]*\}|[^)]*)/g;

const root = join(import.meta.dirname, "..");

/** Every use of the rights of the system in the packages, with what it says of itself. */
const uses = readSources(root)
  .filter(
    ({ path }) =>
      path.startsWith("packages/") &&
      !OF_THE_APP.some((each) => path.startsWith(each)) &&
      !DECLARED.test(path),
  )
  .flatMap(({ path, text }) =>
    [...text.replace(/\/\*[\s\S]*?\*\//g, "").matchAll(USE)]
      .map(([whole, words = ""]) => ({ path, whole, words }))
      .filter(({ whole }) => /asSystem|\.system\(/.test(whole)),
  )
  .filter(({ words }) => words.includes("reason"));

it("names a declared capability at every use of the rights of the system", () => {
  expect(uses.length).toBeGreaterThan(50);
  const declared = new Map(Object.keys(CORE_CAPABILITIES).map((name) => [name, "packages/core/"]));
  for (const plugin of plugins) {
    const home = plugin.name === "crm" ? "packages/core/" : `packages/plugin-${plugin.name}/`;
    for (const name of Object.keys(plugin.parts.capabilities ?? {})) declared.set(name, home);
  }
  const nameless = uses.filter(({ words }) => !/capability: "[\w.]+"/.test(words));
  expect(nameless.map(({ path, whole }) => `${path}: ${whole}`)).toEqual([]);
  const named = uses.map(({ path, words }) => ({
    path,
    name: /capability: "([\w.]+)"/.exec(words)?.[1] ?? "",
  }));
  // A plugin uses what it has declared itself, and what it has declared is used.
  expect(named.filter(({ path, name }) => !path.startsWith(declared.get(name) ?? "nowhere"))).toEqual([]);
  const used = new Set(named.map(({ name }) => name));
  expect([...declared.keys()].filter((name) => !used.has(name))).toEqual([]);
});
