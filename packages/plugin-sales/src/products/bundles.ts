import type { Context } from "@corm/core";
import { type ProductOption, productOption, productWithOptions } from "../entities/product-option.js";
import type { BundleModel } from "./configuration.js";

/** A bundle with its options as records, for their prices. */
export interface Bundle {
  readonly model: BundleModel;
  readonly options: readonly ProductOption[];
}

const PAGE = 500;

/** Bundles by product, in two queries however many there are. A product without options is no bundle. */
export async function loadBundles(ctx: Context, productIds: readonly string[]): Promise<Map<string, Bundle>> {
  const bundles = new Map<string, Bundle>();
  if (productIds.length === 0) return bundles;
  // By which rules products are put together is everybody's to follow.
  const system = ctx.asSystem({ capability: "sales.pricing", reason: "options of a bundle" });
  const options = new Map<string, ProductOption[]>();
  for await (const option of system.repo(productOption).stream({
    where: { bundleId: { in: productIds } },
    orderBy: ["position", "id"],
    limit: PAGE,
  }))
    options.set(option.bundleId, [...(options.get(option.bundleId) ?? []), option]);
  if (options.size === 0) return bundles;
  const products = system.repo(productWithOptions).stream({
    where: { id: { in: [...options.keys()] } },
    select: ["id", "optionGroups"],
    limit: PAGE,
  });
  for await (const { id, optionGroups } of products) {
    const list = options.get(id) as ProductOption[];
    bundles.set(id, { options: list, model: { groups: optionGroups ?? [], options: list } });
  }
  return bundles;
}
