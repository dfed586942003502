import type { CatalogEntity, Context } from "@corm/core";

type Values = Readonly<Record<string, unknown>>;

/** Fields that together are what people call a record: the first set that an entity has. */
const NAMES: readonly (readonly string[])[] = [
  ["name"],
  ["label"],
  // Before "title", which people have as well, and which is their job's.
  ["firstName", "lastName"],
  ["lastName"],
  ["subject"],
  ["title"],
  ["number"],
  ["email"],
];
const CHUNK = 500;

/**
 * Names for the values of dimensions: of the records that references point at, else the values themselves. One query
 * per reference and 500 records.
 */
export async function labelsOf(
  ctx: Context,
  entityName: string,
  dimensions: readonly string[],
  combinations: readonly Values[],
): Promise<(values: Values) => Record<string, string>> {
  const names = new Map<string, string>();
  const entity = ctx.catalog.entities.get(entityName) as CatalogEntity;
  for (const dimension of dimensions) {
    const target = entity.fields.get(dimension)?.target;
    const ids = [
      ...new Set(combinations.map((values) => values[dimension]).filter((id) => typeof id === "string")),
    ];
    if (target) await readNames(ctx, target, ids as string[], names);
  }
  return (values) => {
    const labels: Record<string, string> = {};
    for (const dimension of dimensions) {
      const value = values[dimension];
      labels[dimension] = value == null ? "(none)" : (names.get(String(value)) ?? String(value));
    }
    return labels;
  };
}

async function readNames(
  ctx: Context,
  target: string,
  ids: readonly string[],
  names: Map<string, string>,
): Promise<void> {
  const entity = ctx.catalog.entities.get(target);
  const fields = NAMES.find((set) => set.every((name) => entity?.fields.has(name)));
  if (!entity || !fields) return;
  for (let i = 0; i < ids.length; i += CHUNK) {
    const page = await ctx.repo(entity.handle).find({
      where: { id: { in: ids.slice(i, i + CHUNK) } },
      select: ["id", ...fields],
      limit: CHUNK,
      // What was won stays won when its owner has left.
      withDeleted: true,
    });
    for (const record of page.items) {
      const name = fields
        .map((field) => record[field])
        .filter((part) => part !== null && part !== "")
        .join(" ");
      if (name) names.set(record["id"] as string, name);
    }
  }
}
