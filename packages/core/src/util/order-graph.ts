export interface OrderNode {
  readonly name: string;
  /** Names that must come before this one. Unknown names are ignored: check them where a message can say more. */
  readonly after: readonly string[];
}

export type OrderResult<N> =
  | { readonly ok: true; readonly order: readonly N[] }
  | { readonly ok: false; readonly cycle: readonly string[] };

/**
 * Stable topological sort: nodes keep their given order wherever the constraints leave it open. Answers the
 * names of one cycle, first name repeated at the end, where there is one. O(n² ) in the worst case, run at boot.
 */
export function orderGraph<N extends OrderNode>(nodes: readonly N[]): OrderResult<N> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const placed = new Set<string>();
  const order: N[] = [];
  const waiting = new Set(nodes);
  while (waiting.size > 0) {
    let next: N | undefined;
    for (const node of waiting) {
      if (node.after.every((name) => placed.has(name) || !byName.has(name))) {
        next = node;
        break;
      }
    }
    if (!next) return { ok: false, cycle: findCycle([...waiting], byName, placed) };
    waiting.delete(next);
    placed.add(next.name);
    order.push(next);
  }
  return { ok: true, order };
}

function findCycle<N extends OrderNode>(
  waiting: readonly N[],
  byName: ReadonlyMap<string, N>,
  placed: ReadonlySet<string>,
): string[] {
  // Every waiting node waits for another waiting node: following any such edge must come round.
  const path: string[] = [];
  let current = waiting[0] as N;
  while (!path.includes(current.name)) {
    path.push(current.name);
    const blocker = current.after.find((name) => byName.has(name) && !placed.has(name));
    current = byName.get(blocker as string) as N;
  }
  return [...path.slice(path.indexOf(current.name)), current.name];
}
