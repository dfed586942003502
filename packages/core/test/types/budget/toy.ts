/** A generated CRM of 6 plugins with 40 entities of 12 fields each: as large as an app gets before it is split. */
export const PLUGINS = 6;
export const ENTITIES = 40;
/** Entities of the plugin before that each plugin adds fields to. */
const EXTENDED = 5;

const cap = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
export const entityName = (plugin: number, n: number): string => `p${plugin}E${n}`;

/** The source of one plugin, written as the guide says. */
export function pluginSource(plugin: number): string {
  const parts: string[] = [
    `import Type from "typebox";`,
    `import { after, before, date, defineAction, defineEntity, definePlugin, each, extendEntity, instant, many, money, one, oneOf, reference, withDefault, type Input, type PluginFactory, type PluginOf, type Related, type Row } from "@corm/core";`,
  ];
  if (plugin > 0) {
    const names = Array.from({ length: EXTENDED }, (_, n) => entityName(plugin - 1, n));
    parts.push(`import { ${names.join(", ")} } from "./plugin${plugin - 1}.js";`);
  }
  for (let n = 0; n < ENTITIES; n++) parts.push(entitySource(plugin, n));
  const extended = plugin === 0 ? [] : Array.from({ length: EXTENDED }, (_, n) => entityName(plugin - 1, n));
  for (const name of extended) {
    parts.push(
      `const ${name}With = extendEntity(${name}, { fields: { added${plugin}: Type.Optional(Type.Integer()), rated${plugin}: withDefault(Type.Number(), 0) } });`,
    );
  }
  const names = Array.from({ length: ENTITIES }, (_, n) => entityName(plugin, n));
  const hooks = names.map(
    (name) =>
      `before(${name}, "create", { name: "plugin${plugin}.${name}" }, each(({ input }) => { input.title = input.title.trim(); })), after(${name}, "update", { name: "plugin${plugin}.${name}After" }, (batch) => { for (const { before, row, changed } of batch) if (changed.has("count") && before.count === row.count) throw new Error(); })`,
  );
  parts.push(`const act = defineAction({ name: "act", on: ${names[0]}, input: Type.Object({ by: Type.Integer() }), output: Type.Object({ to: Type.Integer() }), run: async ({ input, record }) => ({ to: input.by + (record.count ?? 0) }) });
const definition = definePlugin({
  name: "plugin-${plugin}", version: "1.0.0", corm: "^0.1",
  setup: () => ({
    entities: { ${names.join(", ")} },
    extends: { ${extended.map((name) => `${name}: ${name}With`).join(", ")} },
    actions: { act },
    hooks: [${hooks.join(",\n      ")}],
  }),
});
export interface Plugin${plugin} extends PluginOf<typeof definition> {}
export const plugin${plugin}: PluginFactory<Plugin${plugin}, Record<never, never>> = definition;`);
  return parts.join("\n");
}

function entitySource(plugin: number, n: number): string {
  const name = entityName(plugin, n);
  const parent = n === 0 ? `"${name}"` : entityName(plugin, n - 1);
  const relations =
    n === 0 ? `parent: one("parentId")` : `parent: one("parentId"), siblings: many(${parent}, "parentId")`;
  return `const ${name}Draft = defineEntity("${name}", {
  fields: {
    title: Type.String({ minLength: 1, maxLength: 200 }),
    code: Type.Optional(Type.String()),
    stage: withDefault(oneOf(["new", "open", "won", "lost"]), "new"),
    count: Type.Optional(Type.Integer({ minimum: 0 })),
    ratio: Type.Optional(Type.Number()),
    done: withDefault(Type.Boolean(), false),
    dueOn: Type.Optional(date()),
    seenAt: Type.Optional(instant()),
    amount: Type.Optional(money()),
    note: Type.Optional(Type.String({ maxLength: 2000 })),
    rank: Type.Integer(),
    parentId: Type.Optional(reference(${parent}, { onDelete: "set null" })),
  },
  relations: { ${relations} },
  indexes: [["stage", "dueOn"]], unique: [["code"]], searchable: ["title"],
});
export interface ${cap(name)} extends Row<typeof ${name}Draft> {}
export interface ${cap(name)}Input extends Input<typeof ${name}Draft> {}
export interface ${cap(name)}Related extends Related<typeof ${name}Draft> {}
export const ${name} = ${name}Draft.as<${cap(name)}, ${cap(name)}Input, ${cap(name)}Related>();`;
}

/** An app of all plugins that uses so many entities of each: create, find, update, and one mistake that must not compile. */
export function appSource(uses: number): string {
  const plugins = Array.from({ length: PLUGINS }, (_, p) => `plugin${p}`);
  const lines = [
    `import { createCrm, type StorageAdapter } from "@corm/core";`,
    ...plugins.map((name) => `import { ${name} } from "./${name}.js";`),
    "declare const storage: StorageAdapter;",
    `export const crm = await createCrm({ storage, plugins: [${plugins.map((name) => `${name}()`).join(", ")}] });`,
    `const me = crm.as({ actor: { kind: "user", id: "u" }, tenant: "t" });`,
  ];
  for (let p = 0; p < PLUGINS; p++) {
    for (let n = 0; n < uses; n++) {
      const name = entityName(p, n);
      const extended = p < PLUGINS - 1 && n < EXTENDED ? `, added${p + 1}: 1` : "";
      lines.push(`const ${name} = await me.entities.${name}.create({ title: "x", rank: 1, stage: "open"${extended} });
const ${name}Page = await me.entities.${name}.find({
  where: { stage: { in: ["new", "open"] }, or: [{ count: { gt: 5 } }, { parent: { title: { contains: "x" } } }] },
  select: ["id", "title", "amount"], include: ["parent"], orderBy: ["-count", "title"], limit: 20,
});
export const ${name}Title: ${n === 0 ? "unknown" : "string | undefined"} = ${name}Page.items[0]?.parent?.title;
await me.entities.${name}.update(${name}.id, { note: null, count: 3 }, { version: ${name}.version });
// @ts-expect-error no such field
await me.entities.${name}.create({ title: "x", rank: 1, titel: "y" });`);
    }
  }
  lines.push(`export const row = await me.entities.p0E0.get("id");`);
  lines.push(`export const acted = await me.entities.p0E0.act("id", { by: 1 });`);
  return lines.join("\n");
}
