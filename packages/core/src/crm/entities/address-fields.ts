import Type from "typebox";
import { normalized } from "../../schema/field.js";

/** Where a company or person is, as the post has it. */
export const addressFields = {
  /** Street, house number and what else stands above the town, in one line. */
  street: Type.Optional(normalized(Type.String({ maxLength: 200 }), "address")),
  city: Type.Optional(normalized(Type.String({ maxLength: 100 }), "text")),
  /** State, province, canton. */
  region: Type.Optional(normalized(Type.String({ maxLength: 100 }), "text")),
  postalCode: Type.Optional(normalized(Type.String({ maxLength: 20 }), "text")),
  /** A code or a name; phone numbers without an international prefix are taken for numbers of it. */
  country: Type.Optional(normalized(Type.String({ maxLength: 100 }), "text")),
};
