import { POINT_ENTITY } from "../duplicates/points.js";
import type { EntityModel } from "../model/entity-model.js";
import { type CardFormat, cardFormats } from "../plugin/card-formats.js";
import type { Session } from "../runtime/session.js";
import { pointColumn } from "./points.js";

/** The cards of an entity; undefined where it has none of the format. */
export function cardFormatOf<F extends CardFormat["format"]>(
  session: Session,
  entity: EntityModel,
  format: F,
): Extract<CardFormat, { format: F }> | undefined {
  const found = session
    .contributions(cardFormats)
    .find((one) => one.entity === entity.name && one.format === format);
  return found as Extract<CardFormat, { format: F }> | undefined;
}

/** Whether it is a column of further addresses, and the actor may add some. */
const isPoint = (session: Session, entity: EntityModel, name: string): boolean =>
  session.access.has(POINT_ENTITY, "create") &&
  pointColumn(entity, name, (one) => session.entity(one)) !== undefined;

/** The columns of cards as an import reads them: those whose field the actor may write, and no other records. */
export const importedColumns = (
  names: readonly string[],
  columns: Readonly<Record<string, string | undefined>>,
  entity: EntityModel,
  session: Session,
): Record<string, string | null> =>
  Object.fromEntries(
    names.map((name) => {
      const field = columns[name];
      if (field === undefined) return [name, null];
      const isRead = entity.writable.has(field) || isPoint(session, entity, field);
      return [name, isRead ? field : null];
    }),
  );
