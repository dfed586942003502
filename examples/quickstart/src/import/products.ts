import { CURRENCY, type Session } from "../crm.js";
import { optionalAmount, optionalText, productKey, requiredText } from "../data/cells.js";
import type { CsvTable } from "../data/csv.js";
import { acceptedKeys, type Ids, loadIds } from "./ids.js";
import { importTable } from "./import-table.js";
import type { RejectedRows } from "./rejected-rows.js";

export const PRODUCT_COLUMNS = ["product", "series", "sales_price"] as const;

/** Products by the key of their name. */
export async function importProducts(
  session: Session,
  table: CsvTable<(typeof PRODUCT_COLUMNS)[number]>,
  rejected: RejectedRows,
): Promise<Ids> {
  const { product } = session.entities;
  const keys = new Map<number, string>();
  const { refused } = await importTable(product, {
    file: table.name,
    rows: table.rows(),
    rejected,
    key: ["externalId"],
    columns: { name: "product", family: "series", listPrice: "sales_price", externalId: "product" },
    map: (cells, line) => {
      const name = requiredText(cells, "product");
      const externalId = productKey(name);
      keys.set(line, externalId);
      return {
        externalId,
        name,
        family: optionalText(cells, "series"),
        listPrice: optionalAmount(cells, "sales_price", CURRENCY),
      };
    },
  });
  return loadIds(acceptedKeys(keys, refused), (externalIds) =>
    product.find({
      where: { externalId: { in: externalIds } },
      select: ["id", "externalId"],
      limit: externalIds.length,
    }),
  );
}
