import {
  type Context,
  defineAction,
  fromOutside,
  InvalidQuery,
  instant,
  isCormError,
  type Static,
  TransactionConflict,
  Type,
  UnknownField,
} from "@corm/core";
import { type LeadInput, lead } from "../entities/lead.js";
import { type Capture, captureLead, captureLeads, MAX_CAPTURES } from "../services/capture-lead.js";
import { RESERVED } from "../services/lead-fields.js";

const nullableId = Type.Union([Type.String(), Type.Null()]);
const captured = Type.Object({
  /** Null for somebody who is a contact already. */
  leadId: nullableId,
  contactId: nullableId,
  touchpointId: Type.String(),
  created: Type.Boolean(),
});

/**
 * What is written is written with the rights of the system: sensitive fields that the caller does not see are none to him.
 *
 * @throws unknown-field
 */
function refuseSensitive(caller: Context, values: Readonly<Record<string, unknown>>): void {
  const all = caller.asSystem({ capability: "leads.capture", reason: "fields of leads" }).catalog.entities;
  const own = caller.catalog.entities.get(lead.name)?.fields;
  for (const field of Object.keys(values)) {
    const { schema } = all.get(lead.name)?.fields.get(field) ?? {};
    const { sensitivity } = (schema as { "x-corm"?: { sensitivity?: string } } | undefined)?.["x-corm"] ?? {};
    if (sensitivity !== undefined && sensitivity !== "normal" && !own?.has(field))
      throw UnknownField({ entity: lead.name, field });
  }
}

/** The rights that it takes to take somebody in, and where his values are from. */
function channelOf(caller: Context, channel: string): Context {
  const system = caller.asSystem({ capability: "leads.capture", reason: `lead capture by ${channel}` });
  return fromOutside(system, "capture", channel, caller.origin);
}

function refuseReserved(values: Readonly<Record<string, unknown>>): void {
  const reserved = Object.keys(values).find((name) => RESERVED.has(name));
  if (reserved) throw InvalidQuery({ reason: `lead.capture does not take "${reserved}" among its values.` });
}

/**
 * Takes in somebody from any channel: an open lead with the same e-mail gets a touchpoint, anybody else becomes a
 * lead with one. `POST /api/leads/capture`.
 */
export const capture = defineAction({
  name: "capture",
  on: lead,
  collection: true,
  label: "Capture a lead",
  description:
    "Creates a lead with a touchpoint, or adds the touchpoint to the open lead of the same e-mail.",
  input: Type.Object({
    /** Fields of the lead; not its status, score, source, owner or conversion. */
    values: Type.Record(Type.String(), Type.Unknown()),
    channel: Type.String({ minLength: 1, maxLength: 50 }),
    source: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    at: Type.Optional(instant()),
    details: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 2_000 }))),
    sourceId: Type.Optional(Type.String({ format: "uuid" })),
    ownerId: Type.Optional(Type.String({ format: "uuid" })),
    /** In which the assignment rules look for somebody, where no owner is given. */
    teamId: Type.Optional(Type.String({ format: "uuid" })),
  }),
  output: captured,
  run: async ({ input }, ctx) => {
    refuseReserved(input.values);
    refuseSensitive(ctx, input.values);
    const { channel, source, at, details, sourceId, ownerId, teamId } = input;
    const values = { ...input.values } as Partial<LeadInput>;
    if (sourceId) values.sourceId = sourceId;
    if (ownerId) values.ownerId = ownerId;
    if (teamId) values.teamId = teamId;
    return captureLead(channelOf(ctx, channel), { values, touch: { channel, source, at, details } });
  },
});

const rejection = Type.Object({ index: Type.Integer(), code: Type.String(), message: Type.String() });

/**
 * Takes in up to 500 people at once, such as a page of a list: those that cannot be taken are named with the reason, the
 * others are in. `POST /api/leads/capture-many`
 */
export const captureMany = defineAction({
  name: "captureMany",
  on: lead,
  collection: true,
  label: "Capture many leads",
  permission: "lead.capture",
  input: Type.Object({
    people: Type.Array(Type.Record(Type.String(), Type.Unknown()), { minItems: 1, maxItems: MAX_CAPTURES }),
    channel: Type.String({ minLength: 1, maxLength: 50 }),
    source: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    sourceId: Type.Optional(Type.String({ format: "uuid" })),
    ownerId: Type.Optional(Type.String({ format: "uuid" })),
    /** In which the assignment rules look for somebody, where no owner is given. */
    teamId: Type.Optional(Type.String({ format: "uuid" })),
  }),
  output: Type.Object({
    created: Type.Integer(),
    known: Type.Integer(),
    rejected: Type.Array(rejection),
  }),
  run: async ({ input: { people, channel, source, sourceId, ownerId, teamId } }, caller) => {
    const ctx = channelOf(caller, channel);
    for (const values of people) refuseSensitive(caller, values);
    const common = {
      ...(sourceId ? { sourceId } : {}),
      ...(ownerId ? { ownerId } : {}),
      ...(teamId ? { teamId } : {}),
    };
    const tally = { created: 0, known: 0, rejected: [] as Static<typeof rejection>[] };
    await takeIn(
      ctx,
      people.map((values, index) => ({
        index,
        capture: { values: { ...values, ...common } as Partial<LeadInput>, touch: { channel, source } },
      })),
      tally,
    );
    tally.rejected.sort((a, b) => a.index - b.index);
    return tally;
  },
});

interface Row {
  readonly index: number;
  readonly capture: Capture;
}

/** All at once; where that fails, each half by itself, down to the one that is wrong. */
async function takeIn(
  ctx: Context,
  rows: readonly Row[],
  tally: { created: number; known: number; readonly rejected: Static<typeof rejection>[] },
): Promise<void> {
  if (rows.length === 0) return;
  try {
    const results = await ctx.savepoint((tx) => {
      for (const { capture: one } of rows)
        refuseReserved(withoutCommon(one.values) as Record<string, unknown>);
      return captureLeads(
        tx,
        rows.map(({ capture: one }) => one),
      );
    });
    for (const { created } of results) tally[created ? "created" : "known"]++;
  } catch (error) {
    const collided: boolean = TransactionConflict.is(error);
    if (collided || !isCormError(error) || error.status >= 500) throw error;
    if (rows.length === 1) {
      tally.rejected.push({ index: (rows[0] as Row).index, code: error.code, message: error.message });
      return;
    }
    const middle = Math.ceil(rows.length / 2);
    await takeIn(ctx, rows.slice(0, middle), tally);
    await takeIn(ctx, rows.slice(middle), tally);
  }
}

/** What the caller of captureMany says of all of them is his to say. */
function withoutCommon({ sourceId: _s, ownerId: _o, teamId: _t, ...values }: Partial<LeadInput>): object {
  return values;
}
