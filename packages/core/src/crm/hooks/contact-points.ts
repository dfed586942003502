import { guardDuplicates } from "../../duplicates/guard.js";
import { isMerging, moveMatchKeys } from "../../duplicates/keys.js";
import { comparesPoints, pointKind } from "../../duplicates/points.js";
import { rulesFor } from "../../duplicates/rules.js";
import { ValidationFailed } from "../../errors/core-errors.js";
import type { Issue } from "../../errors/corm-error.js";
import { after, before, type HookDefinition } from "../../hooks/define-hook.js";
import type { EntityModel } from "../../model/entity-model.js";
import { loadByIds } from "../../repository/read.js";
import type { Session } from "../../runtime/session.js";
import { isEmail, normalEmail } from "../../standards/email.js";
import { contactPoint } from "../entities/record-merge.js";

type Point = Readonly<Record<string, unknown>>;

/** An e-mail address is one; and somebody or something has it. */
export const checkContactPoints: readonly HookDefinition[] = [
  before(contactPoint, "create", { name: "crm.checkContactPoint" }, (batch, ctx) => {
    // What a merge moves is no news of anybody.
    if (isMerging(ctx as Session)) return;
    refuse(
      ctx as Session,
      batch.map(({ input }) => input),
    );
  }),
  before(contactPoint, "update", { name: "crm.checkChangedContactPoint" }, (batch, ctx) =>
    refuse(
      ctx as Session,
      batch.map(({ before: known, patch }) => ({ ...known, ...patch })),
    ),
  ),
];

function refuse(session: Session, points: readonly Point[]): void {
  // A plugin may let them hang on records of its own as well.
  const owners = session.model(contactPoint.name).references.map(({ name }) => name);
  const issues = points.flatMap((point, i): Issue[] => {
    const { kind, value } = point;
    const place = points.length === 1 ? "" : `/${i}`;
    // What is no text, or of no kind, is for the validation to refuse, which comes after the hooks.
    if (kind === "email" && typeof value === "string" && value.trim() !== "" && !isEmail(normalEmail(value)))
      return [{ pointer: `${place}/value`, code: "format", message: "must be an e-mail address" }];
    if (owners.every((name) => point[name] == null))
      return [{ pointer: place, code: "one-of", message: `takes one of ${owners.join(" and ")}` }];
    return [];
  });
  if (issues.length > 0) throw ValidationFailed({ entity: contactPoint.name, issues });
}

/**
 * A further address changes by what its record is found: it gets other keys, and one that comes to be is held against the
 * rules, as a change of the record's own address is.
 */
export const contactPointHooks: readonly HookDefinition[] = (
  ["create", "update", "delete", "restore", "purge"] as const
).map((operation) =>
  after(
    contactPoint,
    operation,
    { name: `crm.matchContactPoints.${operation}`, ...(operation === "update" ? { merges: true } : {}) },
    async (batch, ctx) => {
      const changes = batch as unknown as readonly { readonly row?: Point; readonly before?: Point }[];
      const session = ctx as Session;
      for (const field of session.model(contactPoint.name).references) {
        const entity = session.runtime.composition.entities.get(field.target ?? "");
        const idsIn = (points: readonly (Point | undefined)[]) =>
          points.flatMap((point) =>
            typeof point?.[field.name] === "string" ? [point[field.name] as string] : [],
          );
        const fresh = idsIn(changes.map(({ row }) => row));
        const ids = [...new Set([...fresh, ...idsIn(changes.map(({ before }) => before))])];
        if (entity && ids.length > 0) await rematch(session, entity, ids, new Set(fresh));
      }
    },
  ),
);

/** @param fresh those of the records that have got an address */
async function rematch(
  session: Session,
  entity: EntityModel,
  ids: readonly string[],
  fresh: ReadonlySet<string>,
): Promise<void> {
  const rules = await rulesFor(session, entity);
  if (!rules || !comparesPoints(rules)) return;
  const found = await loadByIds(session.trusted(), entity, ids, { trusted: true });
  const rows = [...found.values()];
  const held = isMerging(session) ? [] : rows.filter((row) => fresh.has(row["id"] as string));
  const own = rules.rules.filter(({ compares }) => compares.some((name) => pointKind(name) !== undefined));
  const note = await guardDuplicates(session, entity, { ...rules, rules: own }, held, () => "");
  await moveMatchKeys(session, entity, rows, true);
  await note();
}
