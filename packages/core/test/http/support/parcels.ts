import {
  account,
  before,
  crmCore,
  date,
  defineAction,
  defineEntity,
  defineError,
  definePlugin,
  defineRoute,
  each,
  type Input,
  instant,
  json,
  longText,
  many,
  money,
  one,
  oneOf,
  type Row,
  reference,
  withDefault,
} from "@corm/core";
import Type from "typebox";

const logDraft = defineEntity("parcelLog", {
  fields: { parcelId: reference("parcel", { onDelete: "cascade" }), line: Type.String() },
  internal: true,
});
export interface ParcelLog extends Row<typeof logDraft> {}
export interface ParcelLogInput extends Input<typeof logDraft> {}
/** Bookkeeping: HTTP must not know it. */
export const parcelLog = logDraft.as<ParcelLog, ParcelLogInput>();

const itemDraft = defineEntity("parcelItem", {
  fields: { parcelId: reference("parcel", { onDelete: "cascade" }), label: Type.String({ minLength: 1 }) },
});
export interface ParcelItem extends Row<typeof itemDraft> {}
export interface ParcelItemInput extends Input<typeof itemDraft> {}
export const parcelItem = itemDraft.as<ParcelItem, ParcelItemInput>();

const draft = defineEntity("parcel", {
  fields: {
    code: Type.String({ minLength: 2, maxLength: 20 }),
    state: withDefault(oneOf(["open", "sent", "lost"]), "open"),
    note: Type.Optional(longText()),
    weight: Type.Optional(Type.Integer({ minimum: 0 })),
    rating: Type.Optional(Type.Number()),
    fragile: withDefault(Type.Boolean(), false),
    dueOn: Type.Optional(date()),
    sentAt: Type.Optional(instant()),
    price: Type.Optional(money()),
    accountId: Type.Optional(reference(account, { onDelete: "set null" })),
    box: Type.Optional(
      json(
        Type.Object({
          width: Type.Number(),
          height: Type.Optional(Type.Number()),
          lid: Type.Optional(Type.String()),
        }),
      ),
    ),
  },
  relations: {
    account: one("accountId"),
    items: many(parcelItem, "parcelId"),
    logs: many(parcelLog, "parcelId"),
  },
  unique: [["code"]],
  immutable: ["code"],
  searchable: ["code", "note"],
});
export interface Parcel extends Row<typeof draft> {}
export interface ParcelInput extends Input<typeof draft> {}
/** One field of every kind. */
export const parcel = draft.as<Parcel, ParcelInput>();

const AddressRefused = defineError<{ code: string }>("address-refused", {
  status: 409,
  title: "The address is refused",
  detail: ({ code }) => `Parcel ${code} goes nowhere.`,
});

const empty = Type.Object({});

const send = defineAction({
  name: "send",
  on: parcel,
  description: "Hands the parcel to the carrier.",
  input: Type.Object({ at: instant(), carrier: Type.Optional(Type.String({ maxLength: 20 })) }),
  output: Type.Object({ sentAt: instant(), carrier: Type.String() }),
  run: async ({ input, record }, ctx) => {
    const { sentAt } = await ctx.repo(parcel).update(record.id, { state: "sent", sentAt: input.at });
    return { sentAt: sentAt as string, carrier: input.carrier ?? "own" };
  },
});
const weigh = defineAction({
  name: "weigh",
  on: parcel,
  readOnly: true,
  input: empty,
  output: Type.Object({ weight: Type.Union([Type.Integer(), Type.Null()]) }),
  run: async ({ record }) => ({ weight: record.weight }),
});
const findHeavy = defineAction({
  name: "findHeavy",
  on: parcel,
  collection: true,
  readOnly: true,
  input: Type.Object({ over: Type.Integer({ minimum: 0 }) }),
  output: Type.Array(Type.String({ format: "uuid" })),
  run: async ({ input }, ctx) => {
    const page = await ctx.repo(parcel).find({ where: { weight: { gt: input.over } }, select: ["id"] });
    return page.items.map((item) => item.id);
  },
});
const closeDay = defineAction({
  name: "closeDay",
  input: empty,
  output: Type.Void(),
  run: async () => undefined,
});
const lie = defineAction({
  name: "lie",
  input: empty,
  output: Type.Object({ truth: Type.Boolean() }),
  run: async () => ({ truth: "no" }) as never,
});

const routes = [
  defineRoute({
    method: "GET",
    path: "/public/track/:code",
    permission: "public",
    summary: "Where a parcel is",
    produces: "text/html",
    response: Type.String(),
    handle: async ({ params, clientAddress }, access) => {
      const ctx = access.forTenant(access.defaultTenant as string);
      const found = await ctx
        .asSystem({ reason: "public route" })
        .repo(parcel)
        .first({ where: { code: params["code"] as string } });
      const text = `${params["code"]}: ${found?.state ?? "unknown"}, ${ctx.actor.kind} from ${clientAddress ?? "somewhere"}`;
      return new Response(text, { headers: { "content-type": "text/html", "cache-control": "max-age=60" } });
    },
  }),
  defineRoute({
    method: "POST",
    path: "/public/drop-off",
    permission: "public",
    summary: "Leave a parcel",
    body: Type.Object({ code: Type.String({ minLength: 2 }), note: Type.Optional(Type.String()) }),
    response: Type.Object({ id: Type.String({ format: "uuid" }) }),
    handle: async ({ body }, access) => {
      const ctx = access.forTenant(access.defaultTenant as string).asSystem({ reason: "public route" });
      const { id } = await ctx.repo(parcel).create(body);
      return Response.json({ id });
    },
  }),
  defineRoute({
    method: "POST",
    path: "/api/parcels/pair",
    permission: "parcel.write",
    summary: "Two parcels at once",
    body: Type.Object({ code: Type.String({ minLength: 2 }) }),
    response: Type.Array(Type.String({ format: "uuid" })),
    atomic: true,
    handle: async ({ body }, { ctx }) => {
      const one = await ctx.repo(parcel).create({ code: `${body.code}-1` });
      const two = await ctx.repo(parcel).create({ code: `${body.code}-2` });
      return Response.json([one.id, two.id]);
    },
  }),
  defineRoute({
    method: "GET",
    path: "/public/of/:tenant",
    permission: "public",
    summary: "How many parcels a tenant has",
    response: Type.Object({ n: Type.Integer() }),
    handle: async ({ params }, access) =>
      Response.json({
        n: await access
          .forTenant(params["tenant"] as string)
          .asSystem({ reason: "count" })
          .repo(parcel)
          .count(),
      }),
  }),
  defineRoute({
    method: "GET",
    path: "/public/whoami",
    permission: "public",
    summary: "Asks for a caller that public routes do not have",
    handle: async (_, access) => Response.json(access.ctx.actor),
  }),
  defineRoute({
    method: "GET",
    path: "/api/parcels/mine",
    permission: "parcel.read",
    summary: "What the caller has to do with",
    response: Type.Object({
      actor: Type.String(),
      tenant: Type.String(),
      q: Type.Union([Type.String(), Type.Null()]),
    }),
    handle: async ({ query }, { ctx }) =>
      Response.json({ actor: ctx.actor.kind, tenant: ctx.tenant, q: query.get("q") }),
  }),
  defineRoute({
    method: "POST",
    path: "/api/parcels/photo",
    permission: "parcel.write",
    summary: "A photo, as it comes from the camera",
    maxBody: 2000,
    response: Type.Object({ bytes: Type.Integer() }),
    handle: async ({ raw }) => Response.json({ bytes: (await raw.arrayBuffer()).byteLength }),
  }),
  defineRoute({
    method: "GET",
    path: "/api/parcels/:id/label",
    permission: "parcel.read",
    summary: "A label to print",
    produces: "text/plain",
    handle: async ({ params }, { ctx }) => {
      const { code } = await ctx.repo(parcel).get(params["id"] as string);
      return new Response(code, { headers: { "content-type": "text/plain" } });
    },
  }),
];

export const parcels = definePlugin({
  name: "parcels",
  version: "1.0.0",
  corm: "^0.1",
  requires: { crm: "*" },
  setup: () => ({
    entities: { parcel, parcelItem, parcelLog },
    actions: { send, weigh, findHeavy, closeDay, lie },
    routes,
    hooks: [
      before(
        parcel,
        "create",
        { name: "parcels.address" },
        each(({ input }) => {
          if (input.code === "VETO") throw AddressRefused({ code: input.code });
          if (input.code === "CRASH") throw new Error("the password is 12345");
        }),
      ),
    ],
  }),
});

export const plugins = [crmCore(), parcels()] as const;
