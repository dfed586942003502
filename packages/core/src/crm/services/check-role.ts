import type { CatalogEntity } from "../../context/catalog.js";
import type { Context } from "../../context/context.js";
import { type Issue, isCormError } from "../../errors/corm-error.js";
import { nearest } from "../../util/words.js";
import type { RoleRecordInput } from "../entities/role.js";

const NO_RECORD = "00000000-0000-7000-8000-000000000000";
const PERMISSION = /^(\*|[a-zA-Z][\w-]*(\.[\w-]+)*(\.\*)?)$/;

/**
 * What is wrong with the names in a role, with pointers into its input. The shape is checked by the entity's schema, which
 * comes after hooks: what has another shape is passed over here.
 */
export async function roleIssues(ctx: Context, input: Partial<RoleRecordInput>): Promise<Issue[]> {
  const issues: Issue[] = [];
  const { catalog } = ctx.asSystem({ capability: "core.credentials", reason: "check a role" });
  for (const [name, grant] of entriesOf(input.entities)) {
    const at = `/entities/${escaped(name)}`;
    const entity = catalog.entities.get(name);
    if (!entity && name !== "*") {
      issues.push(unknown(at, "entity", name, catalog.entities.keys()));
      continue;
    }
    const fields = entriesOf((grant as { fields?: unknown } | null)?.fields);
    for (const [field] of fields) {
      if (entity && !entity.fields.has(field))
        issues.push(unknown(`${at}/fields/${escaped(field)}`, "field", field, entity.fields.keys()));
    }
    if (!entity && fields.length > 0)
      issues.push({ pointer: `${at}/fields`, code: "no-fields", message: `"*" has no fields of its own` });
    issues.push(...(await conditionIssues(ctx, entity, `${at}/only`, grant)));
  }
  const permissions: unknown = input.permissions;
  for (const [i, name] of (Array.isArray(permissions) ? permissions : []).entries()) {
    const known = catalog.permissions;
    if (typeof name !== "string" || name === "*" || known.has(name)) continue;
    const star = name.endsWith(".*") && [...known].some((one) => one.startsWith(name.slice(0, -1)));
    if (!star || !PERMISSION.test(name)) issues.push(unknown(`/permissions/${i}`, "permission", name, known));
  }
  return issues;
}

/** A condition is good when it can be asked. Of one id, so that asking costs nothing. */
async function conditionIssues(
  ctx: Context,
  entity: CatalogEntity | undefined,
  pointer: string,
  grant: unknown,
): Promise<Issue[]> {
  const only = (grant as { only?: unknown } | null)?.only;
  if (typeof only !== "object" || only === null) return [];
  if (!entity) return [{ pointer, code: "no-fields", message: `"*" has no fields to narrow by` }];
  try {
    const where = { and: [{ id: NO_RECORD }, only as Record<string, never>] };
    await ctx
      .asSystem({ capability: "core.credentials", reason: "check a role" })
      .repo(entity.handle)
      .first({ where });
    return [];
  } catch (error) {
    if (!isCormError(error) || error.status >= 500) throw error;
    return [{ pointer, code: error.code, message: error.message }];
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function unknown(pointer: string, what: string, name: string, known: Iterable<string>): Issue {
  const hint = nearest(name, known);
  const message = `there is no ${what} "${name.slice(0, 64)}"${hint ? `; did you mean "${hint}"?` : ""}`;
  return { pointer, code: `unknown-${what}`, message };
}

const escaped = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");
