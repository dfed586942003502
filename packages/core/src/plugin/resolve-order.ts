import satisfies from "semver/functions/satisfies.js";
import valid from "semver/functions/valid.js";
import validRange from "semver/ranges/valid.js";
import { orderGraph } from "../util/order-graph.js";
import type { AnyPlugin } from "./plugin.js";

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Plugins with their dependencies before them, and everything that is wrong with the dependencies. */
export function resolveOrder(
  plugins: readonly AnyPlugin[],
  coreVersion: string,
): { readonly order: readonly AnyPlugin[]; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const byName = new Map<string, AnyPlugin>();
  for (const plugin of plugins) {
    if (byName.has(plugin.name)) {
      problems.push(`plugin "${plugin.name}" is in the list twice: remove one, and merge their options`);
    } else byName.set(plugin.name, plugin);
  }
  for (const plugin of byName.values()) problems.push(...dependencyProblems(plugin, byName, coreVersion));
  const sorted = orderGraph(
    [...byName.values()].map((plugin) => ({
      name: plugin.name,
      after: [...Object.keys(plugin.requires), ...Object.keys(plugin.optional)],
      plugin,
    })),
  );
  if (!sorted.ok) {
    problems.push(
      `plugins depend on one another in a circle: ${sorted.cycle.join(" -> ")}; make one of them "optional" on one side only, or move what they share into a third plugin`,
    );
    return { order: [...byName.values()], problems };
  }
  return { order: sorted.order.map((node) => node.plugin), problems };
}

function dependencyProblems(
  plugin: AnyPlugin,
  byName: ReadonlyMap<string, AnyPlugin>,
  coreVersion: string,
): string[] {
  const problems: string[] = [];
  if (!NAME.test(plugin.name)) {
    problems.push(
      `plugin "${plugin.name}": the name must be kebab-case, since hooks and other plugins are named by it`,
    );
  }
  if (valid(plugin.version) === null) {
    problems.push(
      `plugin "${plugin.name}" has the version "${plugin.version}", which is not a semantic version such as 1.0.0`,
    );
  }
  if (validRange(plugin.corm) === null) {
    problems.push(`plugin "${plugin.name}" declares corm: "${plugin.corm}", which is not a version range`);
  } else if (!satisfies(coreVersion, plugin.corm, { includePrerelease: true })) {
    problems.push(
      `plugin "${plugin.name}" ${plugin.version} works with @corm/core ${plugin.corm}, but this is ${coreVersion}: install a version of the plugin that fits`,
    );
  }
  for (const [kind, wanted] of [
    ["requires", plugin.requires],
    ["optional", plugin.optional],
  ] as const) {
    for (const [name, range] of Object.entries(wanted)) {
      const found = byName.get(name);
      if (validRange(range) === null) {
        problems.push(
          `plugin "${plugin.name}" requires "${name}" in "${range}", which is not a version range`,
        );
      } else if (!found) {
        if (kind === "requires") {
          problems.push(
            `plugin "${plugin.name}" requires plugin "${name}" (${range}), which is not in the list: add it to createCrm({ plugins })`,
          );
        }
      } else if (
        valid(found.version) !== null &&
        !satisfies(found.version, range, { includePrerelease: true })
      ) {
        problems.push(
          `plugin "${plugin.name}" works with "${name}" ${range}, but ${found.version} is in the list: update one of the two`,
        );
      }
    }
  }
  return problems;
}
