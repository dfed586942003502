import { type Context, user } from "@corm/core";

/** Which of the users are active. */
export async function activeOf(ctx: Context, ids: readonly string[]): Promise<Set<string>> {
  const wanted = [...new Set(ids)];
  const active = new Set<string>();
  for await (const { id } of ctx
    .repo(user)
    .stream({ where: { id: { in: wanted }, active: true }, select: ["id"] }))
    active.add(id);
  return active;
}
