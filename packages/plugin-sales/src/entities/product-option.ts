import {
  defineEntity,
  extendEntity,
  type Input,
  json,
  many,
  one,
  type Row,
  reference,
  Type,
  withDefault,
} from "@corm/core";
import { product } from "./product.js";

const key = () => Type.String({ pattern: "^[a-z][a-z0-9-]*$", maxLength: 50 });
const ruleName = Type.String({ minLength: 1, maxLength: 100 });
/** A rule between this option and another one of the bundle. */
const rules = () =>
  withDefault(
    json(
      Type.Array(Type.Object({ name: ruleName, option: key() }, { additionalProperties: false }), {
        maxItems: 50,
      }),
    ),
    [],
  );

const draft = defineEntity("productOption", {
  fields: {
    /** The product that is put together. */
    bundleId: reference(product, { onDelete: "cascade" }),
    /** What code and clients call it. */
    key: key(),
    /** What comes with it; its price is added. */
    productId: reference(product),
    position: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** One of `optionGroups` of the bundle. */
    group: Type.Optional(ruleName),
    required: withDefault(Type.Boolean(), false),
    /** How many of it there may be where it is chosen, for one bundle. */
    minQuantity: withDefault(Type.Integer({ minimum: 1, maximum: 100_000 }), 1),
    maxQuantity: withDefault(Type.Integer({ minimum: 1, maximum: 100_000 }), 1),
    /** True where it costs nothing beside the bundle. */
    included: withDefault(Type.Boolean(), false),
    requires: rules(),
    excludes: rules(),
  },
  relations: { bundle: one("bundleId"), product: one("productId") },
  access: { parents: ["bundle"] },
  unique: [["bundleId", "key"]],
  immutable: ["bundleId", "key"],
});

export interface ProductOption extends Row<typeof draft> {}
export interface ProductOptionInput extends Input<typeof draft> {}
/** Something that a bundle can have, with the rules by which it may. */
export const productOption = draft.as<ProductOption, ProductOptionInput>();

/** A product that is put together of others. */
export const productWithOptions = extendEntity(product, {
  fields: {
    /** How many different options of a group are chosen: `{ name: "Engine", min: 1, max: 1 }` is an exclusive choice. */
    optionGroups: Type.Optional(
      json(
        Type.Array(
          Type.Object(
            {
              name: ruleName,
              min: Type.Integer({ minimum: 0, maximum: 500 }),
              max: Type.Integer({ minimum: 1, maximum: 500 }),
            },
            { additionalProperties: false },
          ),
          { maxItems: 50 },
        ),
      ),
    ),
  },
  relations: { options: many(productOption, "bundleId") },
});
