import { type CatalogField, type Context, opportunities } from "@corm/core";
import { lead } from "../entities/lead.js";
import { LossyConversion } from "../errors.js";
import { lossOf } from "./loss.js";

export type TargetName = "account" | "contact" | "opportunity";
export const TARGETS: readonly TargetName[] = ["account", "contact", "opportunity"];

/** From a field of the lead to one of the target; null keeps a field that both have from being mapped. */
export type DeclaredMaps = { readonly [T in TargetName]?: Readonly<Record<string, string | null>> };

export interface Pair {
  readonly from: string;
  readonly to: string;
}
export type Mapping = Readonly<Record<TargetName, readonly Pair[]>>;

/** What the lead's own fields become. */
const STANDARD: Readonly<Record<TargetName, readonly string[]>> = {
  account: ["website", "industry", "country"],
  contact: ["firstName", "lastName", "email", "phone", "title"],
  opportunity: [],
};

/** The entity that a target is kept as; null for opportunities where no plugin says so. */
export function entityOf(ctx: Context, target: TargetName): string | null {
  return target === "opportunity" ? (ctx.optional(opportunities)?.entity?.name ?? null) : target;
}

/**
 * Which fields of a lead go where: its own as it has always been, those that plugins added to fields of the same name and
 * kind, and what the app declares. With the rights of the system, under which all fields are seen.
 *
 * @throws lossy-conversion where a value could be lost on the way
 */
export function mappingOf(ctx: Context, declared: DeclaredMaps): Mapping {
  return {
    account: pairsOf(ctx, "account", declared.account ?? {}),
    contact: pairsOf(ctx, "contact", declared.contact ?? {}),
    opportunity: pairsOf(ctx, "opportunity", declared.opportunity ?? {}),
  };
}

function pairsOf(
  ctx: Context,
  target: TargetName,
  declared: Readonly<Record<string, string | null>>,
): Pair[] {
  const entity = entityOf(ctx, target);
  // Without a plugin that keeps them nothing is lost: there is none to convert to.
  if (entity === null) return [];
  const from = fieldsOf(ctx, "lead");
  const to = fieldsOf(ctx, entity);
  const pairs = new Map<string, Pair>();
  for (const name of STANDARD[target]) pairs.set(name, { from: name, to: name });
  for (const [name, field] of from) {
    const same = to.get(name);
    if (name in lead.definition.fields || SYSTEM.has(name) || !same || same.kind !== field.kind) continue;
    pairs.set(name, { from: name, to: name });
  }
  for (const [name, field] of Object.entries(declared)) {
    if (field === null) pairs.delete(name);
    else pairs.set(name, { from: name, to: field });
  }
  for (const pair of pairs.values()) check(target, pair, from.get(pair.from), to.get(pair.to));
  return [...pairs.values()];
}

const SYSTEM: ReadonlySet<string> = new Set([
  "id",
  "tenantId",
  "version",
  "createdAt",
  "updatedAt",
  "deletedAt",
]);
const fieldsOf = (ctx: Context, entity: string): ReadonlyMap<string, CatalogField> =>
  ctx.catalog.entities.get(entity)?.fields ?? new Map<string, CatalogField>();

function check(
  target: TargetName,
  { from, to }: Pair,
  source: CatalogField | undefined,
  goal: CatalogField | undefined,
): void {
  const loss =
    !source || SYSTEM.has(from)
      ? `a lead has no field "${from}"`
      : !goal || SYSTEM.has(to)
        ? `${target} has no field "${to}"`
        : lossOf(source, goal);
  if (loss) throw LossyConversion({ from, to: `${target}.${to}`, loss });
}
