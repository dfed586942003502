import { ValidationFailed } from "../../errors/core-errors.js";
import type { Issue } from "../../errors/corm-error.js";
import type { EntityModel } from "../../model/entity-model.js";
import type { FieldModel } from "../../model/field-model.js";
import type { RecordValues } from "../../model/record-codec.js";
import type { Session } from "../../runtime/session.js";
import { and } from "../../storage/filter.js";
import { isId } from "../parse-condition.js";
import { visible } from "../parse-where.js";

/** Issues of a batch, each with the place in the list where there is more than one record. */
export function raiseIssues(entity: EntityModel, perRecord: readonly (readonly Issue[])[]): void {
  const single = perRecord.length === 1;
  const issues = perRecord.flatMap((list, i) =>
    single ? list : list.map((issue) => ({ ...issue, pointer: `/${i}${issue.pointer}` })),
  );
  if (issues.length > 0) throw ValidationFailed({ entity: entity.name, issues });
}

/** Lists references to records that do not exist for this actor: one query per reference field, for the whole batch. */
export async function checkReferences(
  session: Session,
  entity: EntityModel,
  batch: readonly RecordValues[],
  perRecord: readonly Issue[][],
  only: (field: FieldModel) => boolean = () => true,
): Promise<void> {
  const seen = session.scope?.seen ?? new Set<string>();
  for (const field of entity.inputFields) {
    if (field.kind !== "reference" || !field.target || !only(field)) continue;
    const asked = new Set<string>();
    for (const values of batch) {
      const id = values[field.name];
      if (isId(id) && !seen.has(`${field.target}:${id}`)) asked.add(id);
    }
    if (asked.size > 0) {
      const target = session.entity(field.target);
      const rows = await session.operations().findMany({
        table: target.table,
        columns: ["id"],
        where: and({ op: "in", column: "id", values: [...asked] }, visible(session)),
        orderBy: [],
        limit: asked.size,
      });
      for (const row of rows) seen.add(`${field.target}:${row["id"] as string}`);
    }
    batch.forEach((values, i) => {
      const id = values[field.name];
      if (id == null || !isId(id) || seen.has(`${field.target}:${id}`)) return;
      perRecord[i]?.push({
        pointer: `/${field.name}`,
        code: "reference-not-found",
        message: `there is no ${field.target} ${id}`,
      });
    });
  }
}
