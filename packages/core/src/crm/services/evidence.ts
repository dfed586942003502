import type { EntityModel } from "../../model/entity-model.js";
import { LIVE_COLUMN, TENANT_COLUMN } from "../../model/system-fields.js";
import type { Session } from "../../runtime/session.js";
import type { FindSpec, StoredRow } from "../../storage/adapter.js";
import { and, type Filter, not } from "../../storage/filter.js";
import { type Awaitable, andThen } from "../../util/awaitable.js";

/** One state of one record. */
export interface Versioned {
  readonly id: string;
  readonly version: number;
}

/** An assignment of a role to a user, with the tenant's own role behind it; null for a role of the app. */
export interface AssignedRole extends Versioned {
  readonly role: Versioned | null;
}

/** The records that an identity was made from, in the versions that they had. */
export interface Evidence {
  /** The credential itself: an API key or a session. */
  readonly credential: Versioned;
  readonly user: Versioned | null;
  /** All assignments of the user; null where his roles do not matter. */
  readonly assignments: readonly AssignedRole[] | null;
  /** Roles of the tenant that the credential names itself. */
  readonly roles: readonly Versioned[];
}

/** With more roles than this an identity is made anew each time: every number of them is a statement of its own. */
const MOST_ROLES = 12;

/** Columns by entity: one frozen list, so that all questions about it share their statements. */
const columnsOf = new WeakMap<EntityModel, readonly string[]>();

/**
 * A question that answers a row as long as all of the evidence stands, asked in one statement by the ids of the records:
 * one of them that was changed or taken away since, or a role that was added, makes it answer none.
 *
 * @param seen field of the credential that is read along with it
 * @returns null where it would be too long
 */
export function standingQuestion(
  session: Session,
  entity: "apiKey" | "userSession",
  seen: string,
  { credential, user, assignments, roles }: Evidence,
): FindSpec | null {
  if ((assignments?.length ?? 0) + roles.length > MOST_ROLES) return null;
  const model = session.model(entity);
  const here = (name: string, where: Filter): Filter => ({
    op: "exists",
    table: session.model(name).table,
    local: TENANT_COLUMN,
    foreign: TENANT_COLUMN,
    where,
  });
  const facts = [
    isStill(session, credential),
    ...(user ? [here("user", isStill(session, user))] : []),
    ...roles.map((role) => here("role", isStill(session, role))),
    ...(assignments ?? []).map((one) => here("roleAssignment", isAssigned(session, one))),
    ...(assignments ? [noOthers(session, model, assignments)] : []),
  ];
  let columns = columnsOf.get(model);
  if (!columns) {
    columns = Object.freeze([columnOf(model, seen)]);
    columnsOf.set(model, columns);
  }
  return Object.freeze({ table: model.table, columns, where: and(...facts), orderBy: [], limit: 1 });
}

/** The row of the credential where all stands, with the column that was asked for. */
export function answerTo(question: FindSpec, session: Session): Awaitable<StoredRow | undefined> {
  return andThen(session.operations().findMany(question), ([row]) => row);
}

function isStill(session: Session, { id, version }: Versioned): Filter {
  return and(
    { op: "eq", column: "id", value: id },
    { op: "eq", column: TENANT_COLUMN, value: session.tenant },
    { op: "eq", column: LIVE_COLUMN, value: 1 },
    { op: "eq", column: "version", value: version },
  );
}

function isAssigned(session: Session, assignment: AssignedRole): Filter {
  const { role } = assignment;
  if (!role) return isStill(session, assignment);
  return and(isStill(session, assignment), {
    op: "exists",
    table: session.model("role").table,
    local: columnOf(session.model("roleAssignment"), "roleId"),
    foreign: "id",
    where: isStill(session, role),
  });
}

function noOthers(session: Session, credential: EntityModel, known: readonly Versioned[]): Filter {
  const model = session.model("roleAssignment");
  return not({
    op: "exists",
    table: model.table,
    local: columnOf(credential, "userId"),
    foreign: columnOf(model, "userId"),
    where: and(session.rows(), not({ op: "in", column: "id", values: known.map(({ id }) => id) })),
  });
}

function columnOf(model: EntityModel, field: string): string {
  return model.fields.get(field)?.column as string;
}
