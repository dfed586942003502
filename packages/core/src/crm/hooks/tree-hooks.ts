import type { Context } from "../../context/context.js";
import type { AnyEntity, Entity, RowOf } from "../../entity/entity.js";
import type { CormError } from "../../errors/corm-error.js";
import { after, before, type HookDefinition } from "../../hooks/define-hook.js";
import { nextNumber } from "../services/numbers.js";

type Names<E> = keyof RowOf<E> & string;

/** A tree of records by a reference to the one above, and where its pairs are kept. */
export interface TreeOptions<E extends AnyEntity, C extends AnyEntity> {
  readonly entity: E;
  /** The reference to the record above. */
  readonly parent: Names<E>;
  readonly closure: C;
  /** Its references: to whoever is above, and below. */
  readonly above: Names<C>;
  readonly below: Names<C>;
  /** In front of the names of the hooks, and of the number that keeps two moves apart: `crm.hierarchy`. */
  readonly name: string;
  /** With the rights under which the pairs are kept: whoever moves a record may not see all that is above and below. */
  readonly asSystem: (ctx: Context) => Context;
  /** What is thrown where a record would come to be below itself. */
  readonly cycle: (id: string, parent: string) => CormError;
}

interface Move {
  readonly id: string;
  readonly parent: string | null;
}

/** Records of a branch whose pairs are written at once. */
const CHUNK = 500;

/** Keeps the pairs of a tree in step with the references, in the transaction of the change. */
export function treeHooks<E extends AnyEntity, C extends AnyEntity>(
  options: TreeOptions<E, C>,
): readonly HookDefinition[] {
  const tree = options as unknown as Tree;
  const { entity, parent, name } = tree;
  return [
    after(entity, "create", { name: `${name}-place`, stage: "early" }, async (batch, ctx) => {
      const moves = batch.flatMap(({ row }) => (row[parent] == null ? [] : [moveOf(row, parent)]));
      if (moves.length > 0) await placeAll(ctx, tree, moves);
    }),
    after(entity, "update", { name: `${name}-move`, stage: "early", merges: true }, async (batch, ctx) => {
      const moves = batch.flatMap(({ row, changed }) => (changed.has(parent) ? [moveOf(row, parent)] : []));
      if (moves.length > 0) await placeAll(ctx, tree, moves);
    }),
    // Those below come up to nobody, since their own reference is cleared.
    before(entity, "purge", { name: `${name}-leave` }, async (batch, ctx) => {
      const ids = batch.map(({ before: row }) => row["id"] as string);
      const system = tree.asSystem(ctx);
      const below: Move[] = [];
      const query = { where: { [parent]: { in: ids } }, select: ["id"] };
      for await (const row of system.repo(entity).stream(query))
        below.push({ id: row["id"] as string, parent: null });
      if (below.length > 0) await placeAll(ctx, tree, below);
    }),
  ];
}

type Values = Record<string, unknown>;
type Plain = Entity<string, Values, Values, unknown>;
interface Tree
  extends Pick<
    TreeOptions<AnyEntity, AnyEntity>,
    "parent" | "above" | "below" | "name" | "asSystem" | "cycle"
  > {
  readonly entity: Plain;
  readonly closure: Plain;
}

const moveOf = (row: Values, parent: string): Move => ({
  id: row["id"] as string,
  parent: row[parent] as string | null,
});

async function placeAll(ctx: Context, tree: Tree, moves: readonly Move[]): Promise<void> {
  const system = tree.asSystem(ctx);
  // Two moves at once could each miss the pairs that the other one makes: one after another.
  await nextNumber(system, tree.name);
  // One by one on purpose: where several records of one branch move, each starts from what the one before left.
  for (const move of moves) await place(system, tree, move);
}

async function place(ctx: Context, tree: Tree, { id, parent }: Move): Promise<void> {
  const { above, below, closure, cycle } = tree;
  const pairs = ctx.repo(closure);
  const moved = [id, ...(await idsOf(ctx, tree, { [above]: id }, below))];
  if (parent !== null && moved.includes(parent)) throw cycle(id, parent);
  const former = await idsOf(ctx, tree, { [below]: id }, above);
  for (let start = 0; start < moved.length && former.length > 0; start += CHUNK) {
    const where = { [above]: { in: former }, [below]: { in: moved.slice(start, start + CHUNK) } };
    const gone: string[] = [];
    for await (const pair of pairs.stream({ where, select: ["id"] })) gone.push(pair["id"] as string);
    await pairs.purgeMany(gone);
  }
  if (parent === null) return;
  const all = [parent, ...(await idsOf(ctx, tree, { [below]: parent }, above))];
  for (let start = 0; start < moved.length; start += CHUNK) {
    const chunk = moved.slice(start, start + CHUNK);
    await pairs.createMany(all.flatMap((top) => chunk.map((one) => ({ [above]: top, [below]: one }))));
  }
}

async function idsOf(ctx: Context, { closure }: Tree, where: Values, field: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const pair of ctx.repo(closure).stream({ where, select: [field] }))
    ids.push(pair[field] as string);
  return ids;
}
