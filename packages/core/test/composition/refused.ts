import {
  type AnyPlugin,
  type CompositionFailed,
  createCrm,
  defineEntity,
  definePlugin,
  isCormError,
  type PluginOptions,
  type PluginParts,
} from "@corm/core";
import { sqlite } from "@corm/core/knex";
import type { TObject } from "typebox";
import Type from "typebox";
import { expect } from "vitest";

type Facts = Partial<Omit<PluginOptions<TObject, PluginParts>, "name" | "setup" | "options">>;

/** A plugin that has these parts. */
export function plugin(name: string, parts: PluginParts = {}, facts: Facts = {}): AnyPlugin {
  return definePlugin({ name, version: "1.0.0", corm: "^0.1", ...facts, setup: () => parts })();
}

/** An entity with one text field. */
export const simple = <const Name extends string>(name: Name) =>
  defineEntity(name, { fields: { title: Type.String() } });

/** The problems for which core refuses to start with these plugins. */
export async function problemsOf(...plugins: readonly AnyPlugin[]): Promise<readonly string[]> {
  const error: unknown = await createCrm({ storage: sqlite(":memory:"), plugins }).then(
    (crm) => crm.stop(),
    (reason) => reason,
  );
  if (!isCormError(error)) throw new Error("the CRM started", { cause: error });
  expect(error.code).toBe("composition-failed" satisfies typeof CompositionFailed.code);
  const problems = error.meta["problems"] as readonly string[];
  for (const problem of problems) expect(error.message).toContain(problem);
  return problems;
}
