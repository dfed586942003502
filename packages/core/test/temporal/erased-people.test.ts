import {
  applyRetention,
  defineEntity,
  definePersonalData,
  definePlugin,
  eraseSubject,
  type Input,
  type PluginFactory,
  type PluginOf,
  type Row,
} from "@corm/core";
import Type from "typebox";
import { expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";

const draft = defineEntity("guest", {
  fields: {
    name: Type.String({ maxLength: 80 }),
    email: Type.Optional(Type.String({ maxLength: 80 })),
    nights: Type.Optional(Type.Integer()),
  },
  searchable: ["name"],
  temporal: true,
});
interface Guest extends Row<typeof draft> {}
interface GuestInput extends Input<typeof draft> {}
const guest = draft.as<Guest, GuestInput>();
const definition = definePlugin({
  name: "hotel",
  version: "1.0.0",
  corm: "^0.1",
  setup: () => ({
    entities: { guest },
    privacy: [definePersonalData(guest, { person: true, addresses: { email: "email" }, erase: "anonymise" })],
  }),
});
interface HotelPlugin extends PluginOf<typeof definition> {}
const hotel: PluginFactory<HotelPlugin, Record<never, never>> = definition;

onDatabases({ plugins: [hotel()] }, (app) => {
  const told = async () => {
    const me = app().fresh();
    const { id } = await me.entities.guest.create({
      name: "Ada Canary",
      email: "ada@example.org",
      nights: 2,
    });
    const first = me.now();
    app().clock.advance({ days: 1 });
    await me.entities.guest.update(id, { name: "Ada Canary King", nights: 5 });
    const second = me.now();
    app().clock.advance({ days: 1 });
    return { me, id, first, second };
  };
  const stored = async (tenant: string) =>
    JSON.stringify(
      await app()
        .crm.runtime.storage.forTenant(tenant)
        .findMany({
          table: "guest__history",
          columns: ["name", "email", "search_text"],
          where: { op: "eq", column: "tenant_id", value: tenant },
          orderBy: [],
          limit: 100,
        }),
    );

  it("an erased person is in no past state, which keeps its numbers, and is in the bin from then on", async () => {
    const { me, id, first, second } = await told();
    await eraseSubject(me, { entity: "guest", id });
    app().clock.advance({ days: 1 });
    const { guest: guests } = me.entities;
    const cleared = { name: "[erased]", email: null };
    expect(await guests.get(id, { asOf: first })).toMatchObject({ ...cleared, nights: 2 });
    expect(await guests.get(id, { asOf: second })).toMatchObject({ ...cleared, nights: 5 });
    expect(await guests.count(undefined, { asOf: me.now() })).toBe(0);
    const { items } = await guests.find({ asOf: me.now(), withDeleted: true });
    expect(items).toEqual((await guests.find({ withDeleted: true })).items);
    expect(await guests.count(undefined, { asOf: first, search: "canary" })).toBe(0);
    expect((await stored(me.tenant)).toLowerCase()).not.toMatch(/canary|ada@/);
  });

  it("what is too old is cleared or deleted with its states", async () => {
    const { me, id, first } = await told();
    app().clock.advance({ days: 30 });
    await applyRetention(me, [{ entity: "guest", days: 10, action: "anonymise" }]);
    expect(await me.entities.guest.get(id, { asOf: first })).toMatchObject({ name: "[erased]", nights: 2 });
    expect(await me.entities.guest.get(id, { asOf: me.now() })).toEqual(await me.entities.guest.get(id));
    expect((await stored(me.tenant)).toLowerCase()).not.toMatch(/canary|ada@/);
    await applyRetention(me, [{ entity: "guest", days: 10, action: "delete" }]);
    expect(await stored(me.tenant)).toBe("[]");
  });
});
