import Type from "typebox";
import { instant } from "../schema/field.js";
import { type FieldModel, systemField } from "./field-model.js";

/** The columns of every table, in order. Inputs cannot set them. */
export const systemFields: readonly FieldModel[] = [
  systemField(
    "id",
    "reference",
    { name: "id", type: "id", nullable: false },
    Type.String({ format: "uuid" }),
  ),
  systemField(
    "tenantId",
    "string",
    { name: "tenant_id", type: "string", length: 64, nullable: false },
    Type.String({ maxLength: 64 }),
  ),
  systemField("createdAt", "instant", { name: "created_at", type: "instant", nullable: false }, instant()),
  systemField("updatedAt", "instant", { name: "updated_at", type: "instant", nullable: false }, instant()),
  systemField(
    "version",
    "integer",
    { name: "version", type: "integer", nullable: false },
    Type.Integer({ minimum: 1 }),
  ),
  systemField("deletedAt", "instant", { name: "deleted_at", type: "instant", nullable: true }, instant()),
];

export const TENANT_COLUMN = "tenant_id";
export const DELETED_COLUMN = "deleted_at";
/** 1 on live records, NULL in the recycle bin, so that a unique index does not see what was deleted. */
export const LIVE_COLUMN = "live";
/** Normalised text of the searchable fields. */
export const SEARCH_COLUMN = "search_text";
