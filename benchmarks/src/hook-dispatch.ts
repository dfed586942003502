import {
  beforeAction,
  createCrm,
  defineAction,
  definePlugin,
  type HookDefinition,
  type PluginFactory,
  type PluginOf,
  Type,
} from "@corm/core";
import { sqlite } from "@corm/core/knex";
import { actor, tenant } from "./app/identity.js";
import type { Task } from "./measure/interleave.js";
import type { Scenario } from "./scenarios.js";

const counts = [0, 5, 20] as const;
const kinds = ["sync", "async"] as const;

let ran = 0;
const handlers = {
  sync: () => {
    ran += 1;
  },
  async: async () => {
    ran += 1;
  },
};

const action = (name: string) =>
  defineAction({
    name,
    readOnly: true,
    input: Type.Object({}),
    output: Type.Object({ ok: Type.Boolean() }),
    run: async () => ({ ok: ran >= 0 }),
  });
const actions = {
  sync0: action("sync0"),
  sync5: action("sync5"),
  sync20: action("sync20"),
  async0: action("async0"),
  async5: action("async5"),
  async20: action("async20"),
};

const plugin = definePlugin({
  name: "dispatch",
  version: "0.1.0",
  corm: "^0.1",
  setup: () => ({
    actions,
    hooks: kinds.flatMap((kind) =>
      counts.flatMap((count) =>
        Array.from(
          { length: count },
          (_, n): HookDefinition =>
            beforeAction(
              actions[`${kind}${count}`],
              { name: `dispatch.${kind}-${count}-${n}` },
              handlers[kind],
            ),
        ),
      ),
    ),
  }),
});
interface DispatchPlugin extends PluginOf<typeof plugin> {}
const dispatch: PluginFactory<DispatchPlugin, Record<never, never>> = plugin;

/** Calls an action that does nothing, with hooks in front of it that do nothing; raw is a loop over the same hooks. */
export function hookScenarios(): { scenarios: Scenario[]; stop: () => Promise<void> } {
  const crm = createCrm({
    storage: sqlite(":memory:", { driver: "@photostructure/sqlite" }),
    plugins: [dispatch()],
  });
  const scenarios = kinds.flatMap((kind) =>
    counts.map(
      (count): Scenario => ({
        name: `action with ${count} ${kind} hooks`,
        tasks: async (): Promise<Task[]> => {
          const app = await crm;
          const list = Array.from({ length: count }, () => handlers[kind]);
          return [
            {
              name: "raw",
              run: async () => {
                for (const handler of list) {
                  const pending = handler();
                  if (pending) await pending;
                }
                return { ok: true };
              },
            },
            {
              name: "corm",
              run: () => app.as({ actor, tenant, roles: ["admin"] }).run(actions[`${kind}${count}`], {}),
            },
          ];
        },
      }),
    ),
  );
  return { scenarios, stop: async () => (await crm).stop() };
}
