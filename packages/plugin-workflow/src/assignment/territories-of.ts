import type { Context } from "@corm/core";
import type { AssignmentRule } from "../entities/assignment-rule.js";
import { territories } from "../services/territories.js";

/** For each record of a rule by territory, whose territory it falls into. */
export async function territoriesOf(
  ctx: Context,
  target: string,
  ids: readonly string[],
  rules: ReadonlyMap<string, AssignmentRule>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const asked = ids.filter((id) => rules.get(id)?.strategy === "territory");
  if (asked.length === 0) return new Map();
  return ctx.service(territories).usersOf(target, asked);
}
