import type { EntityModel } from "../model/entity-model.js";
import { and, type Filter, never, not, or } from "../storage/filter.js";

/**
 * What may be seen, and of it what is asked for. Where the question names the entity that records hang on, the other
 * entities' branches are left out of the statement: there is one for each that the actor may read.
 */
export function narrowed(
  { access: { attached, readWith } }: EntityModel,
  visible: Filter,
  asked: Filter,
): Filter {
  const column = (attached ?? readWith)?.entity.column;
  const name = column === undefined ? undefined : equalTo(asked, column);
  if (column === undefined || name === undefined) return and(visible, asked);
  return and(given(visible, column, name), asked);
}

/** The one value that a column has in all rows of a filter. */
function equalTo(filter: Filter, column: string): unknown {
  if (filter.op === "eq") return filter.column === column ? filter.value : undefined;
  if (filter.op !== "and") return undefined;
  return filter.of.map((part) => equalTo(part, column)).find((value) => value !== undefined);
}

/** The filter for rows whose column has this value. */
function given(filter: Filter, column: string, value: unknown): Filter {
  switch (filter.op) {
    case "eq":
      return filter.column === column && filter.value !== value ? never : filter;
    case "and":
      return and(...filter.of.map((part) => given(part, column, value)));
    case "or":
      return or(...filter.of.map((part) => given(part, column, value)));
    case "not":
      return not(given(filter.of, column, value));
    default:
      return filter;
  }
}
