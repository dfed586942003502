import type { EntityModel } from "../model/entity-model.js";
import { type CardFormat, cardFormats } from "../plugin/card-formats.js";
import type { Session } from "../runtime/session.js";

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

/** The columns of cards as an import reads them: those whose field the actor may write, and no other records. */
export const importedColumns = (
  names: readonly string[],
  columns: Readonly<Record<string, string | undefined>>,
  entity: EntityModel,
): Record<string, string | null> =>
  Object.fromEntries(
    names.map((name) => {
      const field = columns[name];
      return [name, field !== undefined && entity.writable.has(field) ? field : null];
    }),
  );
