import { compare, loadCandidates } from "../../duplicates/find.js";
import type { ActiveRules } from "../../duplicates/rules.js";
import type { EntityModel } from "../../model/entity-model.js";
import { purgeRecords } from "../../repository/write/delete.js";
import type { Session } from "../../runtime/session.js";
import { and } from "../../storage/filter.js";
import { duplicatePair } from "../entities/match-rule.js";

const PAGE = 500;

/** How many pairs of an entity wait for somebody. */
export const openPairs = (session: Session, entity: EntityModel): Promise<number> =>
  session.repo(duplicatePair).count({ entity: entity.name, state: "open" });

/**
 * Takes away open pairs that match by no rule any more, or of which a record has gone. What somebody has decided stays.
 *
 * @param after id of the last pair that was looked at
 * @returns the last one of this slice, null at the end
 */
export async function reviewPairs(
  tx: Session,
  entity: EntityModel,
  rules: ActiveRules,
  after: string | null,
): Promise<{ readonly last: string | null; readonly count: number; readonly closed: number }> {
  const rows = await tx.operations().findMany({
    table: tx.model(duplicatePair.name).table,
    columns: ["id", "left_id", "right_id"],
    where: and(
      tx.rows(),
      { op: "eq", column: "entity", value: entity.name },
      { op: "eq", column: "state", value: "open" },
    ),
    orderBy: [{ column: "id", direction: "asc" }],
    ...(after === null ? {} : { after: [after] }),
    limit: PAGE,
  });
  const items = rows.map((row) => ({
    id: row["id"] as string,
    leftId: row["left_id"] as string,
    rightId: row["right_id"] as string,
  }));
  const holders = new Map(items.map(({ id, leftId, rightId }) => [id, [leftId, rightId]]));
  const records = await loadCandidates(tx, entity, rules, holders);
  const closed = items.filter(({ leftId, rightId }) => {
    const [a, b] = [records.get(leftId), records.get(rightId)];
    return !a || !b || compare(a, b, rules).next().done === true;
  });
  await purgeRecords(
    tx,
    tx.model(duplicatePair.name),
    closed.map(({ id }) => ({ id })),
  );
  const last = items.length < PAGE ? null : (items.at(-1)?.id ?? null);
  return { last, count: items.length, closed: closed.length };
}
