import type { Issue } from "../../errors/corm-error.js";
import type { EntityModel } from "../../model/entity-model.js";
import type { RecordValues } from "../../model/record-codec.js";
import type { Session } from "../../runtime/session.js";
import { checkField } from "./checks.js";

/**
 * Lists records of a batch that hang on nothing: there is no such entity, or no such record. One query per entity that
 * is named. What the caller named must exist for him; what a hook chose, at all.
 *
 * @param batch whole records, or undefined for those of which nothing changes in this
 */
export function checkAttached(
  session: Session,
  entity: EntityModel,
  batch: readonly (RecordValues | undefined)[],
  perRecord: readonly Issue[][],
  given: readonly RecordValues[],
): Promise<void> | void {
  const { attached } = entity.access;
  if (attached) return check(session, attached, batch, perRecord, given);
}

async function check(
  session: Session,
  attached: NonNullable<EntityModel["access"]["attached"]>,
  batch: readonly (RecordValues | undefined)[],
  perRecord: readonly Issue[][],
  given: readonly RecordValues[],
): Promise<void> {
  const { record } = attached;
  const nameOf = (values: RecordValues | undefined) => values?.[attached.entity.name];
  const { entities } = session.runtime.composition;
  for (const name of new Set(batch.map(nameOf))) {
    const target = typeof name === "string" ? entities.get(name) : undefined;
    const own = batch.map((values) => (values && nameOf(values) === name ? values : {}));
    if (target && !target.internal && !target.access.attached) {
      const field = { ...record, target: target.name, onDelete: "cascade" as const };
      const named = (values: RecordValues, i: number) =>
        !session.access.isSystem && values[record.name] === given[i]?.[record.name];
      await checkField(session, field, session.entity(target.name), own, perRecord, named, true);
      await checkField(session, field, session.entity(target.name), own, perRecord, named, false);
    } else if (typeof name === "string") {
      own.forEach((values, i) => {
        if (values[record.name] === undefined) return;
        const message = `there are no records of "${name.slice(0, 64)}" that something could hang on`;
        perRecord[i]?.push({ pointer: `/${attached.entity.name}`, code: "entity-not-found", message });
      });
    }
  }
}
