import type { CatalogEntity, Context } from "@corm/core";

type Values = Readonly<Record<string, unknown>>;

/** Fields by which people call a record, best first. */
const NAME_FIELDS = ["name", "label", "subject", "title", "lastName", "email"];
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
  const field = NAME_FIELDS.find((name) => entity?.fields.has(name));
  if (!entity || !field) return;
  for (let i = 0; i < ids.length; i += CHUNK) {
    const page = await ctx.repo(entity.handle).find({
      where: { id: { in: ids.slice(i, i + CHUNK) } },
      select: ["id", field],
      limit: CHUNK,
      withDeleted: true,
    });
    for (const record of page.items) names.set(record["id"] as string, String(record[field]));
  }
}
