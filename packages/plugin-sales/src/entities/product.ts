import { defineEntity, type Input, money, type Row, Type, withDefault } from "@corm/core";

const draft = defineEntity("product", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    /** The seller's own article number. */
    code: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    /** Series or product line. */
    family: Type.Optional(Type.String({ maxLength: 100 })),
    listPrice: Type.Optional(money()),
    /** False for what is no longer offered. */
    active: withDefault(Type.Boolean(), true),
    /** Key of the product in the system that the record came from. */
    externalId: Type.Optional(Type.String({ maxLength: 200 })),
  },
  indexes: [["name"], ["family"]],
  unique: [["code"], ["externalId"]],
  searchable: ["name", "code", "family"],
});

export interface Product extends Row<typeof draft> {}
export interface ProductInput extends Input<typeof draft> {}
/** Something that is sold. */
export const product = draft.as<Product, ProductInput>();
