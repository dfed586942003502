import { fromMinor, type Money, toMinor } from "@corm/core";

export const CATEGORIES = ["omitted", "pipeline", "bestCase", "commit", "closed"] as const;
export type Category = (typeof CATEGORIES)[number];
export type Amounts = Readonly<Record<Category, bigint>>;

/** Somebody of the tree with what is his own, in minor units. */
export interface Leaf {
  readonly userId: string;
  readonly managerId: string | null;
  readonly own: Amounts;
}

/** A manager's word on what somebody below him, or he himself, will bring in one category. */
export interface Adjustment {
  readonly managerId: string;
  readonly userId: string;
  readonly category: Category;
  readonly amount: bigint;
}

export interface Rolled {
  readonly userId: string;
  readonly managerId: string | null;
  readonly own: Amounts;
  /** Own and of all below, as the opportunities have it. */
  readonly rollUp: Amounts;
  /** The same with the adjustments of those below, and his own: what his manager sees. */
  readonly adjusted: Amounts;
}

export const NOTHING: Amounts = { omitted: 0n, pipeline: 0n, bestCase: 0n, commit: 0n, closed: 0n };

const mapAmounts = (work: (category: Category) => bigint): Amounts =>
  Object.fromEntries(CATEGORIES.map((category) => [category, work(category)])) as unknown as Amounts;

export const plus = (a: Amounts, b: Amounts): Amounts => mapAmounts((category) => a[category] + b[category]);

/**
 * Adds a tree of managers up from its leaves. A manager's adjustment of somebody replaces what he takes over from him, an adjustment
 * of himself what he passes on; the figures below stay as they are. Whose manager is not in the list is a top. Pure.
 */
export function rollUp(leaves: readonly Leaf[], adjustments: readonly Adjustment[]): Map<string, Rolled> {
  const byId = new Map(leaves.map((leaf) => [leaf.userId, leaf]));
  const below = new Map<string, Leaf[]>();
  for (const leaf of leaves)
    if (leaf.managerId !== null && byId.has(leaf.managerId))
      below.set(leaf.managerId, [...(below.get(leaf.managerId) ?? []), leaf]);
  const said = new Map(
    adjustments.map(({ managerId, userId, category, amount }) => [
      `${managerId} ${userId} ${category}`,
      amount,
    ]),
  );
  const rolled = new Map<string, Rolled>();
  for (const leaf of bottomUp(leaves, byId, below)) {
    const children = (below.get(leaf.userId) ?? []).map(({ userId }) => rolled.get(userId) as Rolled);
    const seen = mapAmounts((category) => {
      const own = said.get(`${leaf.userId} ${leaf.userId} ${category}`);
      if (own !== undefined) return own;
      return children.reduce(
        (sum, child) =>
          sum + (said.get(`${leaf.userId} ${child.userId} ${category}`) ?? child.adjusted[category]),
        leaf.own[category],
      );
    });
    rolled.set(leaf.userId, {
      ...leaf,
      rollUp: children.reduce((sum, child) => plus(sum, child.rollUp), leaf.own),
      adjusted: seen,
    });
  }
  return rolled;
}

/** Everybody after those below him. Trees are as deep as they are: no recursion. */
function bottomUp(
  leaves: readonly Leaf[],
  byId: ReadonlyMap<string, Leaf>,
  below: ReadonlyMap<string, readonly Leaf[]>,
): Leaf[] {
  const order = leaves.filter(({ managerId }) => managerId === null || !byId.has(managerId));
  for (let at = 0; at < order.length; at++) order.push(...(below.get((order[at] as Leaf).userId) ?? []));
  return order.reverse();
}

/** Every category alone. */
export type Columns = Readonly<Record<Category, Money>>;

/** Columns that contain those to their left: commit with closed, best case with both; open pipeline is what is open. */
export interface CumulativeColumns {
  readonly closed: Money;
  readonly commit: Money;
  readonly bestCase: Money;
  readonly openPipeline: Money;
}

export const columnsOf = (amounts: Amounts, currency: string): Columns =>
  Object.fromEntries(
    CATEGORIES.map((category) => [category, fromMinor(amounts[category], currency)]),
  ) as unknown as Columns;

/** 50 closed, 100 commit, 150 best case, 200 pipeline are 50, 150, 300, and 450 open. */
export function cumulativeOf(
  { closed, commit, bestCase, pipeline }: Amounts,
  currency: string,
): CumulativeColumns {
  const money = (minor: bigint) => fromMinor(minor, currency);
  return {
    closed: money(closed),
    commit: money(closed + commit),
    bestCase: money(closed + commit + bestCase),
    openPipeline: money(pipeline + bestCase + commit),
  };
}

export const minorOf = (money: Money): bigint => toMinor(money);
