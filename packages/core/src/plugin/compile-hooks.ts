import type { BatchHandler, HookDefinition, HookPhase, HookStage } from "../hooks/define-hook.js";
import { orderGraph } from "../util/order-graph.js";
import type { AnyPlugin } from "./plugin.js";

export interface OwnedHook {
  readonly owner: string;
  readonly hook: HookDefinition;
}

/** One handler in its place, as it is run. */
export interface CompiledHook {
  readonly name: string;
  readonly owner: string;
  readonly merges: boolean;
  readonly handler: BatchHandler<never>;
}

const none: readonly CompiledHook[] = [];

type Phases = Record<HookPhase, readonly CompiledHook[]>;

/** Hooks in their final order, per target and phase. A target without hooks costs a look into two maps. */
export class HookTable {
  readonly #lists: ReadonlyMap<string, readonly CompiledHook[]>;
  readonly #targets = new Map<string | null, Map<string, Phases>>();

  constructor(lists: ReadonlyMap<string, readonly CompiledHook[]>) {
    this.#lists = lists;
    for (const [text, hooks] of lists) {
      const [name, operation, phase] = text.split(" ") as [string, string, HookPhase];
      const entity = name === "*" ? null : name;
      const operations = this.#targets.get(entity) ?? new Map<string, Phases>();
      const phases = operations.get(operation) ?? { before: none, after: none, committed: none };
      operations.set(operation, { ...phases, [phase]: hooks });
      this.#targets.set(entity, operations);
    }
  }

  of(entity: string | null, operation: string, phase: HookPhase): readonly CompiledHook[] {
    return this.#targets.get(entity)?.get(operation)?.[phase] ?? none;
  }

  /** Every target that has hooks: entity, operation, phase and the hooks in order. */
  entries(): { target: string; phase: HookPhase; hooks: readonly CompiledHook[] }[] {
    return [...this.#lists].map(([text, hooks]) => {
      const [entity, operation, phase] = text.split(" ") as [string, string, HookPhase];
      return { target: `${entity}.${operation}`, phase, hooks };
    });
  }
}

const key = (entity: string | null, operation: string, phase: HookPhase) =>
  `${entity ?? "*"} ${operation} ${phase}`;
const stageRank: Record<HookStage, number> = { early: 0, normal: 1, late: 2 };

/** Orders hooks by their declared constraints, and lists what is wrong with them. */
export function compileHooks(
  owned: readonly OwnedHook[],
  plugins: readonly AnyPlugin[],
  targetProblem: (hook: HookDefinition) => string | undefined,
): { readonly table: HookTable; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const byName = new Map<string, OwnedHook>();
  for (const item of owned) {
    const other = byName.get(item.hook.name);
    if (other) {
      problems.push(
        `hook "${item.hook.name}" is declared twice, by plugins "${other.owner}" and "${item.owner}": names must be unique`,
      );
    }
    byName.set(item.hook.name, item);
    const wrong = targetProblem(item.hook);
    if (wrong) problems.push(`plugin "${item.owner}": hook "${item.hook.name}" is on ${wrong}`);
  }
  const pluginNames = new Set(plugins.map((plugin) => plugin.name));
  const groups = new Map<string, OwnedHook[]>();
  for (const item of owned) {
    const group = key(item.hook.entity, item.hook.operation, item.hook.phase);
    groups.set(group, [...(groups.get(group) ?? []), item]);
  }
  const lists = new Map<string, readonly CompiledHook[]>();
  for (const [group, items] of groups) {
    const names = new Set(items.map((item) => item.hook.name));
    for (const item of items) problems.push(...referenceProblems(item, names, byName, pluginNames));
    const ordered = orderGraph(withConstraints(items));
    if (!ordered.ok) {
      problems.push(
        `hooks on ${group.replaceAll(" ", " / ")} are ordered in a circle: ${ordered.cycle.join(" -> ")}; drop one of their before/after`,
      );
      continue;
    }
    lists.set(
      group,
      ordered.order.map(({ item }) => ({
        name: item.hook.name,
        owner: item.owner,
        merges: item.hook.merges,
        handler: item.hook.handler,
      })),
    );
  }
  return { table: new HookTable(lists), problems };
}

function withConstraints(items: readonly OwnedHook[]) {
  return items.map((item) => ({
    name: item.hook.name,
    item,
    after: [
      ...item.hook.after,
      ...items
        .filter(
          (other) =>
            other !== item &&
            (other.hook.before.includes(item.hook.name) ||
              stageRank[other.hook.stage] < stageRank[item.hook.stage]),
        )
        .map((other) => other.hook.name),
    ],
  }));
}

/** A name that should exist but does not is a misspelling; one of a plugin that is not here is none. */
function referenceProblems(
  item: OwnedHook,
  group: ReadonlySet<string>,
  all: ReadonlyMap<string, OwnedHook>,
  plugins: ReadonlySet<string>,
): string[] {
  const problems: string[] = [];
  for (const name of [...item.hook.before, ...item.hook.after]) {
    if (group.has(name)) continue;
    const elsewhere = all.get(name);
    const plugin = name.split(".")[0] as string;
    if (elsewhere) {
      const at = `${elsewhere.hook.entity ?? "*"}.${elsewhere.hook.operation} (${elsewhere.hook.phase})`;
      problems.push(
        `plugin "${item.owner}": hook "${item.hook.name}" orders itself by "${name}", which runs on ${at}`,
      );
    } else if (plugins.has(plugin)) {
      problems.push(
        `plugin "${item.owner}": hook "${item.hook.name}" orders itself by "${name}", which plugin "${plugin}" does not have`,
      );
    }
  }
  return problems;
}
