import type { Issue } from "../errors/corm-error.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import { type RecordValues, sameValue } from "../model/record-codec.js";
import { checkReferences, raiseIssues } from "../repository/write/checks.js";
import { assertReach, ownershipFields } from "../repository/write/reach.js";
import type { Session } from "../runtime/session.js";
import type { Filter } from "../storage/filter.js";
import type { MergeRequest, PlannedField } from "./plan.js";

/**
 * Holds what the caller chose against his own rights, since it is written with others: records that he names are ones that he
 * sees, and another owner or team takes the right to transfer.
 *
 * @returns what the survivor has to satisfy afterwards; undefined for what any change has to
 * @throws validation-failed, forbidden
 */
export async function checkChoices(
  session: Session,
  entity: EntityModel,
  kept: RecordValues,
  planned: readonly PlannedField[],
  choices: MergeRequest["fields"] = {},
): Promise<Filter | undefined> {
  const chosen = planned.filter(({ field }) => Object.hasOwn(choices, field));
  const named = Object.fromEntries(
    chosen.flatMap(({ field, from, value }) => (from === null ? [[field, value]] : [])),
  );
  const issues: Issue[][] = [[]];
  const only = ({ name }: FieldModel): boolean => Object.hasOwn(named, name);
  await checkReferences(session, entity, [named], issues, [named], { only });
  raiseIssues(entity, issues);
  const owners = ownershipFields(entity);
  const transfers = chosen.some(
    ({ field, value }) => owners.includes(field) && !sameValue(kept[field] ?? null, value ?? null),
  );
  if (!transfers) return undefined;
  session.require(entity, "transfer");
  await assertReach(session, entity, "transfer", [kept]);
  return session.access.restriction(entity);
}
