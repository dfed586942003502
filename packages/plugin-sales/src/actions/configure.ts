import { defineAction, Type } from "@corm/core";
import { product } from "../entities/product.js";
import { ConfigurationTooComplex } from "../errors.js";
import { loadBundles } from "../products/bundles.js";
import { violationsOf } from "../products/configuration.js";
import { optionSelection } from "../products/selection.js";
import { solve } from "../products/solve.js";

const rule = Type.Object({ rule: Type.String(), message: Type.String() });

/** Completes a configuration, or names the rules against it. `POST /api/products/{id}/configure` */
export const configure = defineAction({
  name: "configure",
  on: product,
  readOnly: true,
  label: "Configure",
  description:
    "Says which rules a choice of options breaks, and completes it by what they ask for; where that cannot be done, which rules stand against it.",
  input: Type.Object({ selection: optionSelection }),
  output: Type.Object({
    /** The selection as it was sent can be sold. */
    valid: Type.Boolean(),
    violations: Type.Array(rule),
    /** It can be completed. */
    possible: Type.Boolean(),
    selection: Type.Union([Type.Record(Type.String(), Type.Integer()), Type.Null()]),
    added: Type.Array(Type.Object({ option: Type.String(), rule: Type.String() })),
    conflict: Type.Array(rule),
  }),
  run: async ({ input: { selection }, record }, ctx) => {
    const bundle = (await loadBundles(ctx, [record.id])).get(record.id);
    const model = bundle?.model ?? { groups: [], options: [] };
    const violations = violationsOf(model, selection);
    const solution = solve(model, selection);
    if (!solution) throw ConfigurationTooComplex({ productId: record.id });
    return {
      valid: violations.length === 0,
      violations,
      possible: solution.possible,
      selection: solution.possible ? solution.selection : null,
      added: solution.possible ? [...solution.added] : [],
      conflict: solution.possible ? [] : [...solution.conflict],
    };
  },
});
