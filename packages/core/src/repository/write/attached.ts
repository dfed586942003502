import type { Issue } from "../../errors/corm-error.js";
import type { EntityModel } from "../../model/entity-model.js";
import type { RecordValues } from "../../model/record-codec.js";
import type { Session } from "../../runtime/session.js";
import { checkField } from "./checks.js";

/**
 * Lists records of a batch that hang on nothing: there is no such entity, or no such record. One query per entity that
 * is named. What the caller named must exist for him; what a hook chose, at all. Survivors are put in the place of merged
 * records, in the batch and in what was given.
 *
 * @param batch whole records, or undefined for those of which nothing changes in this
 * @returns whether survivors were put into the batch
 */
export function checkAttached(
  session: Session,
  entity: EntityModel,
  batch: readonly (RecordValues | undefined)[],
  perRecord: readonly Issue[][],
  given: readonly RecordValues[],
): Promise<boolean> | undefined {
  const { attached } = entity.access;
  if (!attached) return undefined;
  return check(session, attached, batch, perRecord, given);
}

async function check(
  session: Session,
  attached: NonNullable<EntityModel["access"]["attached"]>,
  batch: readonly (RecordValues | undefined)[],
  perRecord: readonly Issue[][],
  given: readonly RecordValues[],
): Promise<boolean> {
  const { record } = attached;
  const nameOf = (values: RecordValues | undefined) => values?.[attached.entity.name];
  const { entities } = session.runtime.composition;
  let resolved = false;
  for (const name of new Set(batch.map(nameOf))) {
    const target = typeof name === "string" ? entities.get(name) : undefined;
    const own = batch.map((values) => (values && nameOf(values) === name ? values : {}));
    if (target && !target.internal && !target.access.attached) {
      const field = { ...record, target: target.name, onDelete: "cascade" as const };
      const model = session.entity(target.name);
      const checked = { session, field, target: model, batch: own, perRecord, given, resolve: true };
      const pending = checkField(checked);
      if (pending && (await pending)) resolved = true;
    } else if (typeof name === "string") {
      own.forEach((values, i) => {
        if (values[record.name] === undefined) return;
        const message = `there are no records of "${name.slice(0, 64)}" that something could hang on`;
        perRecord[i]?.push({ pointer: `/${attached.entity.name}`, code: "entity-not-found", message });
      });
    }
  }
  return resolved;
}
