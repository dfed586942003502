import { InvalidQuery } from "../errors/core-errors.js";

const PARTS = 1000;
const VALUES = 20_000;

/**
 * What the conditions of one query may cost. Requests bring them, and engines have limits: SQLite takes 32,766
 * parameters, MySQL 65,535.
 */
export class Budget {
  #parts = PARTS;
  #values = VALUES;

  /** Conditions, operators, and members of `and` and `or`: empty members cost as well. */
  spendParts(count: number): void {
    this.#parts -= count;
    if (this.#parts < 0) throw InvalidQuery({ reason: `The conditions have more than ${PARTS} parts.` });
  }

  /** Members of `in` and `nin` lists. */
  spendValues(count: number): void {
    this.#values -= count;
    if (this.#values < 0)
      throw InvalidQuery({ reason: `The lists of the conditions have more than ${VALUES} values.` });
  }
}
