import {
  before,
  crmCore,
  defineEntity,
  definePlugin,
  each,
  filledByHook,
  type Input,
  type Row,
} from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import Type from "typebox";
import { expect, it } from "vitest";

const draft = defineEntity("parcel", {
  fields: { place: Type.String(), code: filledByHook(Type.String({ minLength: 2 })) },
});
interface Parcel extends Row<typeof draft> {}
interface ParcelInput extends Input<typeof draft> {}
const parcel = draft.as<Parcel, ParcelInput>();

const chains: (readonly string[])[] = [];
const plugin = definePlugin({
  name: "parcels",
  version: "1.0.0",
  corm: "^0.1",
  setup: () => ({
    entities: { parcel },
    hooks: [
      before(
        parcel,
        "create",
        { name: "parcels.code" },
        each(async ({ input }, ctx) => {
          chains.push(ctx.chain);
          if (input.place === "nowhere") return;
          input.code ??= input.place.slice(0, 2).toUpperCase();
          if (input.place === "pair") await ctx.repo(parcel).create({ place: "other" });
        }),
      ),
    ],
  }),
});

it("lets inputs leave out what a hook fills in, and refuses records without it", async () => {
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), plugin()] });
  const made = await me.entities.parcel.create({ place: "Turin" });
  const code: string = made.code;
  expect(code).toBe("TU");
  expect((await me.entities.parcel.create({ place: "Turin", code: "T1" })).code).toBe("T1");
  await expect(me.entities.parcel.create({ place: "nowhere" })).rejects.toMatchObject({
    code: "validation-failed",
    issues: [{ pointer: "/code", code: "required" }],
  });
  await expect(me.entities.parcel.create({ place: "x", code: "1" })).rejects.toMatchObject({
    issues: [{ pointer: "/code", code: "min-length" }],
  });
  const field = crm
    .describe()
    .entities.find((entity) => entity.name === "parcel")
    ?.fields.find(({ name }) => name === "code");
  expect(field?.required).toBe(false);
  await crm.stop();
});

it("tells a hook what its write is part of", async () => {
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), plugin()] });
  chains.length = 0;
  await me.entities.parcel.create({ place: "pair" });
  expect(chains).toEqual([["parcel.create"], ["parcel.create", "parcel.create"]]);
  await crm.stop();
});
