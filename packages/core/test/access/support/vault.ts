import {
  defineEntity,
  definePlugin,
  extendEntity,
  type Input,
  many,
  one,
  type PluginFactory,
  type PluginOf,
  type Related,
  type Row,
  reference,
  secret,
  sensitive,
  team,
  user,
} from "@corm/core";
import Type from "typebox";

const folderDraft = defineEntity("folder", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    rank: Type.Optional(Type.Integer()),
    vip: Type.Optional(Type.Boolean()),
    pin: Type.Optional(sensitive(Type.String({ maxLength: 40 }))),
    hash: Type.Optional(secret(Type.String({ maxLength: 64 }))),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    teamId: Type.Optional(reference(team, { onDelete: "set null" })),
  },
  relations: { owner: one("ownerId") },
  unique: [["name"]],
  searchable: ["name", "pin"],
  temporal: true,
});
export interface Folder extends Row<typeof folderDraft> {}
export interface FolderInput extends Input<typeof folderDraft> {}
export const folder = folderDraft.as<Folder, FolderInput>();

const paperDraft = defineEntity("paper", {
  fields: {
    title: Type.String({ minLength: 1, maxLength: 100 }),
    pages: Type.Optional(Type.Integer()),
    note: Type.Optional(sensitive(Type.String({ maxLength: 100 }))),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    folderId: Type.Optional(reference(folder, { onDelete: "cascade" })),
  },
  relations: { folder: one("folderId"), owner: one("ownerId") },
  access: { parents: ["folder"] },
  searchable: ["title"],
  temporal: true,
});
export interface Paper extends Row<typeof paperDraft> {}
export interface PaperInput extends Input<typeof paperDraft> {}
export interface PaperRelated extends Related<typeof paperDraft> {}
export const paper = paperDraft.as<Paper, PaperInput, PaperRelated>();

export const fullFolder = extendEntity(folder, { relations: { papers: many(paper, "folderId") } });

const definition = definePlugin({
  name: "vault",
  version: "1.0.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  setup: () => ({ entities: { folder, paper }, extends: { folder: fullFolder } }),
});
export interface VaultPlugin extends PluginOf<typeof definition> {}
/** Folders with owners and teams, papers in them, and fields that not everybody may see. */
export const vault: PluginFactory<VaultPlugin, Record<never, never>> = definition;
