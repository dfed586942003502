import {
  type AfterChanges,
  after,
  type BatchHandler,
  type BeforeChanges,
  before,
  committed,
  type Plugin,
} from "@corm/core";
import { afterEach } from "vitest";
import { type Thing, type ThingInput, type ToysPlugin, thing, toysWith } from "./toys.js";

/** What the hooks on `thing` do: set by a test, emptied after it. */
export interface Program {
  beforeCreate?: BatchHandler<BeforeChanges<Thing, ThingInput>["create"]>;
  afterCreate?: BatchHandler<AfterChanges<Thing>["create"]>;
  committedCreate?: BatchHandler<AfterChanges<Thing>["create"]>;
  beforeUpdate?: BatchHandler<BeforeChanges<Thing, ThingInput>["update"]>;
  afterUpdate?: BatchHandler<AfterChanges<Thing>["update"]>;
  committedUpdate?: BatchHandler<AfterChanges<Thing>["update"]>;
  beforeDelete?: BatchHandler<BeforeChanges<Thing, ThingInput>["delete"]>;
  afterDelete?: BatchHandler<AfterChanges<Thing>["delete"]>;
}

/** The toys, with hooks whose work a test decides. */
export function programmable(): { readonly program: Program; readonly plugin: Plugin<ToysPlugin> } {
  const program: Program = {};
  afterEach(() => {
    for (const name of Object.keys(program) as (keyof Program)[]) delete program[name];
  });
  const plugin = toysWith(
    before(thing, "create", { name: "toys.beforeCreate" }, (b, c) => program.beforeCreate?.(b, c)),
    after(thing, "create", { name: "toys.afterCreate" }, (b, c) => program.afterCreate?.(b, c)),
    committed(thing, "create", { name: "toys.committedCreate" }, (b, c) => program.committedCreate?.(b, c)),
    before(thing, "update", { name: "toys.beforeUpdate" }, (b, c) => program.beforeUpdate?.(b, c)),
    after(thing, "update", { name: "toys.afterUpdate" }, (b, c) => program.afterUpdate?.(b, c)),
    committed(thing, "update", { name: "toys.committedUpdate" }, (b, c) => program.committedUpdate?.(b, c)),
    before(thing, "delete", { name: "toys.beforeDelete" }, (b, c) => program.beforeDelete?.(b, c)),
    after(thing, "delete", { name: "toys.afterDelete" }, (b, c) => program.afterDelete?.(b, c)),
  );
  return { program, plugin };
}
