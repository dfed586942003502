import { expect, it } from "vitest";
import type { EntityModel } from "../model/entity-model.js";
import { and, type Filter, not, or } from "../storage/filter.js";
import { narrowed } from "./narrowed.js";

const note = { access: { attached: { entity: { column: "entity" } } } } as unknown as EntityModel;
const of = (value: string): Filter => ({ op: "eq", column: "entity", value });
const on = (table: string): Filter => ({
  op: "exists",
  table,
  local: "record_id",
  foreign: "id",
  where: { op: "eq", column: "owner_id", value: "u" },
});
const tenant: Filter = { op: "eq", column: "tenant_id", value: "t" };
const visible = and(
  tenant,
  or(and(of("contact"), on("contact")), and(of("lead"), on("lead")), {
    op: "eq",
    column: "owner_id",
    value: "u",
  }),
);
const mine: Filter = { op: "eq", column: "owner_id", value: "u" };

it("leaves out the branches of entities that are not asked for", () => {
  const asked = and(of("contact"), { op: "eq", column: "record_id", value: "1" });
  expect(narrowed(note, visible, asked)).toEqual(
    and(tenant, or(and(of("contact"), on("contact")), mine), asked),
  );
});

it("leaves everything where more than one may be asked for, or the question is turned round", () => {
  for (const asked of [or(of("contact"), of("lead")), not(of("contact")), tenant])
    expect(narrowed(note, visible, asked)).toEqual(and(visible, asked));
  expect(narrowed({ access: { attached: null } } as EntityModel, visible, of("contact"))).toEqual(
    and(visible, of("contact")),
  );
});

it("turns a condition round as a whole", () => {
  expect(narrowed(note, not(of("lead")), of("contact"))).toEqual(of("contact"));
});
