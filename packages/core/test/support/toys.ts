import {
  date,
  defineEntity,
  definePlugin,
  extendEntity,
  type HookDefinition,
  type Input,
  instant,
  json,
  longText,
  many,
  money,
  one,
  oneOf,
  type Plugin,
  type PluginFactory,
  type PluginOf,
  type Related,
  type Row,
  reference,
  withDefault,
} from "@corm/core";
import Type from "typebox";

const boxDraft = defineEntity("box", {
  plural: "boxes",
  fields: {
    label: Type.String({ minLength: 1, maxLength: 100 }),
    parentId: Type.Optional(reference("box", { onDelete: "cascade" })),
  },
  relations: { parent: one("parentId") },
  unique: [["label"]],
  searchable: ["label"],
});
export interface Box extends Row<typeof boxDraft> {}
export interface BoxInput extends Input<typeof boxDraft> {}
export const box = boxDraft.as<Box, BoxInput>();

const thingDraft = defineEntity("thing", {
  fields: {
    title: Type.String({ minLength: 1, maxLength: 100 }),
    code: Type.Optional(Type.String({ maxLength: 40 })),
    note: Type.Optional(longText()),
    stage: withDefault(oneOf(["new", "open", "won", "lost"]), "new"),
    count: Type.Optional(Type.Integer()),
    ratio: Type.Optional(Type.Number({ maximum: 1e6 })),
    done: withDefault(Type.Boolean(), false),
    dueOn: Type.Optional(date()),
    seenAt: Type.Optional(instant()),
    price: Type.Optional(money()),
    extra: Type.Optional(json(Type.Unknown())),
    serial: Type.Optional(Type.String()),
    boxId: Type.Optional(reference(box, { onDelete: "set null" })),
  },
  relations: { box: one("boxId") },
  indexes: [["stage", "dueOn"], ["count"]],
  unique: [["code"], ["boxId", "serial"]],
  immutable: ["serial"],
  searchable: ["title", "note"],
});
export interface Thing extends Row<typeof thingDraft> {}
export interface ThingInput extends Input<typeof thingDraft> {}
export interface ThingRelated extends Related<typeof thingDraft> {}
/** Has a field of every kind. */
export const thing = thingDraft.as<Thing, ThingInput, ThingRelated>();

const lidDraft = defineEntity("lid", {
  fields: { name: Type.String(), boxId: reference(box, { onDelete: "cascade" }) },
  relations: { box: one("boxId") },
});
export interface Lid extends Row<typeof lidDraft> {}
export interface LidInput extends Input<typeof lidDraft> {}
/** Goes where its box goes. */
export const lid = lidDraft.as<Lid, LidInput>();

const sealDraft = defineEntity("seal", {
  fields: { name: Type.String(), boxId: reference(box) },
  relations: { box: one("boxId") },
});
export interface Seal extends Row<typeof sealDraft> {}
export interface SealInput extends Input<typeof sealDraft> {}
/** Keeps its box from being deleted. */
export const seal = sealDraft.as<Seal, SealInput>();

/** The box with what lies in it: declared after both, since each points at the other. */
export const fullBox = extendEntity(box, {
  relations: { things: many(thing, "boxId"), lids: many(lid, "boxId") },
});

const entities = { box, thing, lid, seal };
const definition = definePlugin({
  name: "toys",
  version: "1.0.0",
  corm: "^0.1",
  setup: () => ({ entities, extends: { box: fullBox } }),
});
export interface ToysPlugin extends PluginOf<typeof definition> {}
export const toys: PluginFactory<ToysPlugin, Record<never, never>> = definition;

/** The toys and hooks on them. */
export function toysWith(...hooks: readonly HookDefinition[]): Plugin<ToysPlugin> {
  const plugin = toys();
  return { ...plugin, parts: { ...plugin.parts, hooks } };
}
