import type { RecordRight } from "../context/role.js";
import { Forbidden } from "../errors/core-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { BulkRight } from "./policy.js";
import type { SessionAccess } from "./session-access.js";

const WORDS: Readonly<Record<RecordRight | BulkRight, string>> = {
  read: "read",
  create: "create",
  update: "change",
  delete: "delete",
  purge: "purge",
  transfer: "transfer",
  share: "share",
  export: "export",
  import: "import",
  bulk: "change many at once of",
};

/** @throws forbidden where no role has this right on any record of the entity */
export function requireRight(
  access: SessionAccess,
  entity: EntityModel,
  right: RecordRight | BulkRight,
): void {
  if (access.has(entity.name, right)) return;
  throw Forbidden({ reason: `Your roles do not allow you to ${WORDS[right]} ${entity.plural}.` });
}

/** The record is visible, and this right does not reach it. */
export function outOfReach(entity: EntityModel, id: string, right: RecordRight) {
  return Forbidden({ reason: `Your roles do not allow you to ${WORDS[right]} the ${entity.name} ${id}.` });
}
