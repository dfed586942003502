/** Type tests: what a composed app knows, and what must not compile. Checked by `npm run typecheck`. */
import Type from "typebox";
import {
  type AppInput,
  account,
  before,
  type Crm,
  contact,
  createCrm,
  crmCore,
  defineAction,
  defineEntity,
  definePlugin,
  each,
  extendEntity,
  type Input,
  one,
  type Plugin,
  type PluginFactory,
  type PluginOf,
  type Row,
  reference,
  type StorageAdapter,
  withDefault,
} from "../../src/index.js";

declare const storage: StorageAdapter;

const draft = defineEntity("visit", {
  fields: {
    place: Type.String(),
    rating: withDefault(Type.Integer(), 3),
    note: Type.Optional(Type.String()),
    accountId: reference(account),
  },
  relations: { account: one("accountId") },
});
interface Visit extends Row<typeof draft> {}
interface VisitInput extends Input<typeof draft> {}
const visit = draft.as<Visit, VisitInput>();
const scored = extendEntity(contact, { fields: { leadScore: Type.Optional(Type.Number()) } });
const rate = defineAction({
  name: "rate",
  on: visit,
  input: Type.Object({ stars: Type.Integer() }),
  output: Type.Object({ stars: Type.Integer() }),
  run: async ({ input, record }) => {
    const place: string = record.place;
    return { stars: input.stars + place.length };
  },
});

const plugin = definePlugin({
  name: "visits",
  version: "0.1.0",
  corm: "^0.1",
  setup: () => ({
    entities: { visit },
    extends: { contact: scored },
    actions: { rate },
    hooks: [
      before(
        visit,
        "create",
        { name: "visits.place" },
        each(({ input }) => {
          input.place = input.place.trim();
          // @ts-expect-error a hook sees the declared fields only
          input.nowhere = 1;
        }),
      ),
    ],
  }),
});
interface VisitsPlugin extends PluginOf<typeof plugin> {}
const visits: PluginFactory<VisitsPlugin, Record<never, never>> = plugin;

export async function withPlugin(): Promise<void> {
  const crm = await createCrm({ storage, plugins: [crmCore(), visits()] });
  const me = crm.as({ actor: { kind: "user", id: "u" }, tenant: "t", roles: ["admin"] });

  // Adding a plugin that extends `contact` changes what creating one takes.
  const ada = await me.entities.contact.create({ lastName: "Lovelace", leadScore: 3 });
  const score: number | null = ada.leadScore;
  void score;
  // @ts-expect-error wrong type in an added field
  await me.entities.contact.create({ lastName: "Lovelace", leadScore: "3" });

  const made = await me.entities.visit.create({ place: "Turin", accountId: "a" });
  const rating: number = made.rating;
  const note: string | null = made.note;
  void [rating, note];
  // @ts-expect-error a required field is missing
  await me.entities.visit.create({ place: "Turin" });
  // @ts-expect-error no such field
  await me.entities.visit.create({ place: "Turin", accountId: "a", plaec: 1 });

  const page = await me.entities.visit.find({
    where: { rating: { gte: 2 }, account: { industry: "software" } },
    select: ["id", "place"],
    include: ["account"],
    orderBy: ["-rating"],
  });
  const industry: string | null | undefined = page.items[0]?.account?.industry;
  void industry;
  // @ts-expect-error not selected
  page.items[0]?.rating;
  // @ts-expect-error no such relation
  await me.entities.visit.find({ include: ["acount"] });
  // @ts-expect-error no such field
  await me.entities.visit.find({ where: { plaec: "x" } });
  // @ts-expect-error number compared with text
  await me.entities.visit.find({ where: { rating: "3" } });

  const rated = await me.entities.visit.rate(made.id, { stars: 2 });
  const stars: number = rated.stars;
  void stars;
  // @ts-expect-error wrong input of an action
  await me.entities.visit.rate(made.id, { stars: "2" });

  const [row] = await me.entities.visit.aggregate({
    groupBy: ["place"],
    measures: { n: { count: true }, total: { sum: "rating" } },
  });
  const n: number | undefined = row?.n;
  const total: number | null | undefined = row?.total;
  void [n, total];
  await me.transaction(async (tx) => {
    await tx.entities.visit.update(made.id, { note: null });
    // @ts-expect-error a required field cannot be cleared
    await tx.entities.visit.update(made.id, { place: null });
  });
  const repo = me.repo(scored);
  await repo.update(ada.id, { leadScore: 4 });
}

export async function withoutPlugin(): Promise<void> {
  const crm = await createCrm({ storage, plugins: [crmCore()] });
  const me = crm.as({ actor: { kind: "user", id: "u" }, tenant: "t", roles: ["admin"] });
  await me.entities.contact.create({ lastName: "Lovelace" });
  // @ts-expect-error the plugin that declares it is not in the list
  await me.entities.visit.create({ place: "Turin", accountId: "a" });
  // @ts-expect-error the plugin that adds the field is not in the list
  await me.entities.contact.create({ lastName: "Lovelace", leadScore: 3 });
}

type Both = Crm<readonly [ReturnType<typeof crmCore>, Plugin<VisitsPlugin>]>;
export const input: AppInput<Both, "contact"> = { lastName: "Lovelace", leadScore: 1 };
