import { type AnyPlugin, before, defineEntity, defineJob, Type } from "@corm/core";
import { plugin } from "../composition/refused.js";

export const secret = "a secret of forty characters, for tests.";
export const tenant = "rolling";

const name = Type.String({ maxLength: 100 });
const optional = Type.Optional(Type.String({ maxLength: 100 }));

/** What the new field is of the old one. */
export const newOf = (phone: string): string => `+49${phone.replace(/^0/, "")}`;

const first = defineEntity("item", { fields: { name, phone: optional } });
const both = defineEntity("item", {
  fields: { name, phone: optional, phoneE164: optional },
  indexes: [["phoneE164"]],
});
const note = defineEntity("itemNote", { fields: { text: name }, indexes: [["text"]] });
const last = defineEntity("item", { fields: { name, phoneE164: optional }, indexes: [["phoneE164"]] });

/** Records of one transaction of the backfill. */
const BATCH = 5;

/** Fills the new field of what old processes wrote, some at a time. */
const fill = defineJob("shop.fill", {
  input: Type.Object({}),
  capability: "shop.fill",
  lease: 1000,
  run: async (ctx) => {
    for (;;) {
      const found = await ctx
        .repo(both)
        .find({ where: { phoneE164: null, phone: { ne: null } }, limit: BATCH });
      if (found.items.length === 0) return;
      await ctx.repo(both).updateMany(
        found.items.map(({ id, version, phone }) => ({
          id,
          version,
          patch: { phoneE164: newOf(phone ?? "") },
        })),
      );
    }
  },
});

type Written = { phone?: string | null; phoneE164?: string | null };
const bothWritten = (operation: "create" | "update") =>
  before(both, operation, { name: `shop.both-${operation}` }, (batch: readonly unknown[]) => {
    for (const one of batch as readonly { input: Written; patch: Written }[]) {
      const values = operation === "create" ? one.input : one.patch;
      if (typeof values.phone === "string") values.phoneE164 = newOf(values.phone);
    }
  });

/** One plugin in the versions of an upgrade: before it, with both fields, with the new one, and without the old column. */
export const versions = {
  old: () => plugin("shop", { entities: { item: first } }),
  both: () =>
    plugin("shop", {
      entities: { item: both, itemNote: note },
      hooks: [bothWritten("create"), bothWritten("update")],
      jobs: [fill],
      capabilities: { "shop.fill": "Fills the new field" },
    }),
  new: () => plugin("shop", { entities: { item: last, itemNote: note }, retired: ["item.phone"] }),
  dropped: () => plugin("shop", { entities: { item: last, itemNote: note } }),
} satisfies Record<string, () => AnyPlugin>;

export type Version = keyof typeof versions;
export const allowed = (version: Version): readonly string[] => (version === "dropped" ? ["item.phone"] : []);
export const fillJob = fill;
