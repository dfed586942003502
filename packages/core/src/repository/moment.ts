import type { FieldCipher } from "../encryption/field-cipher.js";
import { InvalidQuery } from "../errors/core-errors.js";
import { isCormError } from "../errors/corm-error.js";
import { BeforeHistory, NotTemporal } from "../errors/temporal-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import { VALID_FROM, VALID_TO } from "../model/history-table.js";
import type { QueryScope } from "../runtime/query-scope.js";
import type { Session } from "../runtime/session.js";
import { always, and, type Filter } from "../storage/filter.js";
import { parseInstant } from "../util/values.js";

/**
 * Records as they stood at one instant, as the actor may see them now. Temporal entities are read from their histories;
 * of the others only the present is known, and stands in.
 *
 * A state is read by who may read the record now, and could read it by the same rights if it still were in that state:
 * never more than the one, never more than the other.
 */
export class Moment implements QueryScope {
  readonly #session: Session;
  /** Instant. */
  readonly at: string;

  constructor(session: Session, at: string) {
    this.#session = session;
    this.at = at;
  }

  get tenant(): string {
    return this.#session.tenant;
  }
  /** What is near is near to the moment. */
  get nowMs(): number {
    return Date.parse(this.at);
  }
  get currency(): string {
    return this.#session.currency;
  }
  get country(): string | undefined {
    return this.#session.country;
  }
  get cipher(): FieldCipher | undefined {
    return this.#session.cipher;
  }

  entity(name: string): EntityModel {
    return this.view(this.#session.entity(name));
  }

  /** The same view over the states of that moment. @throws before-history */
  view(entity: EntityModel): EntityModel {
    if (!entity.history) return entity;
    const since = this.#session.runtime.historySince.get(entity.name);
    if (since !== undefined && this.at < since)
      throw BeforeHistory({ entity: entity.name, since, asOf: this.at });
    return { ...entity, table: entity.history.name };
  }

  visible(entity: EntityModel, withDeleted = false): Filter {
    if (!entity.history) return this.#session.visible(entity, withDeleted);
    const { access } = this.#session;
    const state = and(
      this.#session.rows(withDeleted),
      { op: "lte", column: VALID_FROM, value: this.at },
      { op: "gt", column: VALID_TO, value: this.at },
      access.filter(entity, "read", "state"),
    );
    const readable = access.filter(entity, "read");
    if (readable === always) return state;
    // Also where it is in the recycle bin by now, as its history is.
    const where = and(this.#session.rows(true), readable);
    return and(state, { op: "exists", table: entity.physical.name, local: "id", foreign: "id", where });
  }
}

/**
 * What `asOf` of a query asks for; undefined for the present.
 *
 * @throws not-temporal, before-history, invalid-query
 */
export function momentOf(session: Session, entity: EntityModel, asOf: unknown): Moment | undefined {
  if (asOf === undefined) return undefined;
  const at = instantOf(asOf);
  if (!entity.history) throw NotTemporal({ entity: entity.name });
  const now = session.now();
  if (at > now) throw InvalidQuery({ reason: `"asOf" is ${at}, which is still to come: it is ${now}.` });
  return new Moment(session, at);
}

function instantOf(asOf: unknown): string {
  const reason = `"asOf" takes an instant with its offset, such as "2026-06-30T00:00:00Z".`;
  if (typeof asOf !== "string") throw InvalidQuery({ reason });
  try {
    return parseInstant(asOf);
  } catch (error) {
    if (isCormError(error)) throw InvalidQuery({ reason }, { cause: error });
    throw error;
  }
}
