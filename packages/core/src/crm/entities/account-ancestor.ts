import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { reference } from "../../schema/field.js";
import { account } from "./account.js";

const draft = defineEntity("accountAncestor", {
  fields: {
    ancestorId: reference(account, { onDelete: "cascade" }),
    /** An account below the ancestor, at any depth. */
    accountId: reference(account, { onDelete: "cascade" }),
  },
  unique: [["ancestorId", "accountId"]],
  internal: true,
  journal: false,
});

export interface AccountAncestor extends Row<typeof draft> {}
export interface AccountAncestorInput extends Input<typeof draft> {}
/** The tree of accounts spelt out, pair by pair, so that a filter can ask for a whole branch by one index. */
export const accountAncestor = draft.as<AccountAncestor, AccountAncestorInput>();
