import {
  date,
  defineEntity,
  definePlugin,
  encrypted,
  extendEntity,
  type Input,
  json,
  longText,
  many,
  money,
  one,
  oneOf,
  type PluginFactory,
  type PluginOf,
  type Related,
  type Row,
  reference,
  secret,
  withDefault,
} from "@corm/core";
import Type from "typebox";

const bedDraft = defineEntity("bed", {
  fields: { name: Type.String({ maxLength: 40 }), sun: Type.Optional(Type.Integer()) },
  temporal: true,
  searchable: ["name"],
});
export interface Bed extends Row<typeof bedDraft> {}
export interface BedInput extends Input<typeof bedDraft> {}
export const bed = bedDraft.as<Bed, BedInput>();

/** Keeps no states. */
const toolDraft = defineEntity("tool", { fields: { name: Type.String({ maxLength: 40 }) } });
export interface Tool extends Row<typeof toolDraft> {}
export interface ToolInput extends Input<typeof toolDraft> {}
export const tool = toolDraft.as<Tool, ToolInput>();

const plantDraft = defineEntity("plant", {
  fields: {
    name: Type.String({ maxLength: 80 }),
    code: Type.Optional(Type.String({ maxLength: 40 })),
    note: Type.Optional(longText()),
    stage: withDefault(oneOf(["seed", "leaf", "bloom"]), "seed"),
    height: Type.Optional(Type.Number()),
    price: Type.Optional(money()),
    sownOn: Type.Optional(date()),
    extra: Type.Optional(json(Type.Unknown())),
    key: Type.Optional(secret(Type.String({ maxLength: 40 }))),
    bedId: Type.Optional(reference(bed, { onDelete: "set null" })),
    toolId: Type.Optional(reference(tool, { onDelete: "set null" })),
  },
  relations: { bed: one("bedId"), tool: one("toolId") },
  temporal: true,
  unique: [["code"]],
  indexes: [["stage", "name"]],
  searchable: ["name", "note"],
});
export interface Plant extends Row<typeof plantDraft> {}
export interface PlantInput extends Input<typeof plantDraft> {}
export interface PlantRelated extends Related<typeof plantDraft> {}
/** Keeps its states, with fields of most kinds. */
export const plant = plantDraft.as<Plant, PlantInput, PlantRelated>();

/** Goes where its bed goes. */
const labelDraft = defineEntity("label", {
  fields: { text: Type.String({ maxLength: 40 }), bedId: reference(bed, { onDelete: "cascade" }) },
  temporal: true,
});
export interface Label extends Row<typeof labelDraft> {}
export interface LabelInput extends Input<typeof labelDraft> {}
export const label = labelDraft.as<Label, LabelInput>();

export const fullBed = extendEntity(bed, {
  relations: { plants: many(plant, "bedId"), labels: many(label, "bedId") },
});

const definition = definePlugin({
  name: "garden",
  version: "1.0.0",
  corm: "^0.1",
  setup: () => ({ entities: { bed, tool, plant, label }, extends: { bed: fullBed } }),
});
export interface GardenPlugin extends PluginOf<typeof definition> {}
export const garden: PluginFactory<GardenPlugin, Record<never, never>> = definition;

export const grownPlant = extendEntity(plant, {
  fields: {
    water: Type.Optional(Type.Integer()),
    keeper: Type.Optional(encrypted(Type.String({ maxLength: 60 }), { searchable: true })),
  },
});
const keepers = definePlugin({
  name: "keepers",
  version: "1.0.0",
  corm: "^0.1",
  requires: { garden: "^1.0" },
  setup: () => ({ extends: { plant: grownPlant } }),
});
export interface KeepersPlugin extends PluginOf<typeof keepers> {}
/** Adds to plants, as any other plugin may. */
export const gardenKeepers: PluginFactory<KeepersPlugin, Record<never, never>> = keepers;
