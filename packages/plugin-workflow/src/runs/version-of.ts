import { createHash } from "node:crypto";
import { type Context, UniqueViolation } from "@corm/core";
import type { AutomationDefinition } from "../automations/definition.js";
import { automationVersion } from "../entities/automation.js";

/**
 * The version that says exactly this, made where it is new: a run goes on by it, whatever becomes of the automation. In a
 * transaction.
 */
export async function versionOf(books: Context, definition: AutomationDefinition): Promise<string> {
  const { key } = definition;
  const digest = createHash("sha256").update(canonical(definition)).digest("hex");
  const versions = books.repo(automationVersion);
  const found = await versions.first({ where: { key, digest }, select: ["id"] });
  if (found) return found.id;
  const last = await versions.first({ where: { key }, orderBy: ["-number"], select: ["number"] });
  const input = {
    key,
    number: (last?.number ?? 0) + 1,
    definition: JSON.parse(JSON.stringify(definition)) as Record<string, unknown>,
    digest,
    madeAt: books.now(),
  };
  try {
    return (await books.savepoint((tx) => tx.repo(automationVersion).create(input))).id;
  } catch (error) {
    // Another process made one at the same moment.
    if (!UniqueViolation.is(error)) throw error;
    const theirs = await versions.first({ where: { key, digest }, select: ["id"] });
    if (!theirs) throw error;
    return theirs.id;
  }
}

/** The same text for the same values, in whatever order their keys are: databases give them back in their own. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(",")}}`;
}
