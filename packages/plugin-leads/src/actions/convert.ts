import {
  type AnyEntity,
  type Context,
  date,
  defineAction,
  money,
  opportunities,
  type Static,
  Type,
} from "@corm/core";
import { fill, patchOf, type Strategies } from "../conversion/fill.js";
import { follow, type Targets } from "../conversion/follow.js";
import { sealChanges } from "../conversion/kept.js";
import { entityOf, TARGETS, type TargetName } from "../conversion/mapping.js";
import { matchesOf } from "../conversion/matches.js";
import {
  type ConversionPlan,
  type ConversionRequest,
  handleOf,
  planConversion,
  repoOf,
} from "../conversion/plan.js";
import { seenBy } from "../conversion/seen.js";
import { conversionSettings } from "../conversion/settings.js";
import { type Lead, lead } from "../entities/lead.js";
import { leadConversion } from "../entities/lead-conversion.js";
import { NothingToConvertTo } from "../errors.js";
import { leadConverted } from "../events.js";

const closed = { additionalProperties: false } as const;
const id = Type.String({ format: "uuid" });
const existing = Type.Object({ id }, closed);
const nullableId = Type.Union([Type.String(), Type.Null()]);
const name = Type.Optional(Type.String({ minLength: 1, maxLength: 200 }));
const strategies = Type.Optional(
  Type.Record(Type.String({ maxLength: 48 }), Type.Enum(["fillEmpty", "overwrite", "keep"])),
);

const planned = Type.Object({
  mode: Type.Enum(["new", "existing", "none"]),
  id: nullableId,
  values: Type.Record(Type.String(), Type.Unknown()),
  changes: Type.Record(Type.String(), Type.Object({ before: Type.Unknown(), after: Type.Unknown() })),
  conflicts: Type.Array(
    Type.Object({
      field: Type.String(),
      current: Type.Unknown(),
      lead: Type.Unknown(),
      strategy: Type.Enum(["fillEmpty", "overwrite", "keep"]),
    }),
  ),
});
const matches = Type.Array(Type.Object({ id: Type.String(), name: Type.String(), by: Type.String() }));
const preview = Type.Object({
  account: planned,
  contact: planned,
  opportunity: planned,
  matches: Type.Object({ accounts: matches, contacts: matches }),
});
type Preview = Static<typeof preview>;

/**
 * Makes an account, a contact and, where asked for, an opportunity of a lead, or fills those that are there, in one
 * transaction. Called again, also at the same moment, it answers the first result. With `dryRun` it says what it would do,
 * where lead and records do not agree, and which records the lead may be already; and writes nothing.
 */
export const convert = defineAction({
  name: "convert",
  on: lead,
  label: "Convert a lead",
  description:
    "Turns a lead into account, contact and opportunity. The second call answers the first call's result.",
  input: Type.Object({
    /** Left out: the existing contact's account, else a new one of the lead's company. `null`: none. */
    account: Type.Optional(Type.Union([existing, Type.Object({ name }, closed), Type.Null()])),
    /** Left out: a new one. `null`: none. */
    contact: Type.Optional(
      Type.Union([
        existing,
        Type.Object(
          {
            firstName: Type.Optional(Type.String({ maxLength: 100 })),
            lastName: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
          },
          closed,
        ),
        Type.Null(),
      ]),
    ),
    /** Left out or `null`: none. */
    opportunity: Type.Optional(
      Type.Union([
        existing,
        Type.Object(
          {
            name,
            amount: Type.Optional(Type.Union([money(), Type.Null()])),
            closeDate: Type.Optional(Type.Union([date(), Type.Null()])),
          },
          closed,
        ),
        Type.Null(),
      ]),
    ),
    /** Of what is created; default the lead's owner. */
    ownerId: Type.Optional(id),
    /** Per field of an existing target what becomes of a value that it has; default `fillEmpty`. */
    strategies: Type.Optional(
      Type.Object({ account: strategies, contact: strategies, opportunity: strategies }, closed),
    ),
    dryRun: Type.Optional(Type.Boolean()),
  }),
  output: Type.Object({
    leadId: Type.String(),
    accountId: nullableId,
    contactId: nullableId,
    opportunityId: nullableId,
    /** Null after a dry run. */
    convertedAt: nullableId,
    /** Of a dry run. */
    preview: Type.Optional(preview),
    /**
     * Fields of the targets, such as `contact.phone`, that got nothing of the lead, since the caller may read them there
     * and not in the lead. Of a dry run and of the call that converts.
     */
    leftOut: Type.Optional(Type.Array(Type.String())),
  }),
  run: async ({ input, record }, ctx) => {
    if (record.status === "converted") return resultOf(record);
    const system = ctx.asSystem({ capability: "leads.convert", reason: "lead.convert" });
    const plan = await planConversion(ctx, record, input, ctx.service(conversionSettings).mapping(system));
    const told = leftOutOf(plan);
    if (TARGETS.every((target) => plan[target].mode === "none")) throw NothingToConvertTo({ id: record.id });
    if (input.dryRun) {
      const ids = Object.fromEntries(TARGETS.map((target) => [`${target}Id`, plan[target].id]));
      return {
        ...(ids as Record<`${TargetName}Id`, string | null>),
        leadId: record.id,
        convertedAt: null,
        preview: { ...shown(plan), matches: await matchesOf(ctx, seenBy(ctx, record)) } as Preview,
        ...told,
      };
    }
    const strategies = input.strategies ?? {};
    return { ...resultOf(await carryOut(ctx, system, record, plan, strategies)), ...told };
  },
});

const shown = (plan: ConversionPlan) =>
  Object.fromEntries(
    TARGETS.map((target) => {
      const { mode, id, values, changes, conflicts } = plan[target];
      return [target, { mode, id, values, changes, conflicts }];
    }),
  );

function leftOutOf(plan: ConversionPlan): { leftOut?: string[] } {
  const leftOut = TARGETS.flatMap((target) => plan[target].leftOut.map((field) => `${target}.${field}`));
  return leftOut.length > 0 ? { leftOut } : {};
}

function resultOf(converted: Lead) {
  return {
    leadId: converted.id,
    accountId: converted.convertedAccountId,
    contactId: converted.convertedContactId,
    opportunityId: converted.convertedOpportunityId,
    convertedAt: converted.convertedAt as string,
  };
}

/** In the name of the caller what becomes of the lead, so that he needs the rights to it; the rest is bookkeeping. */
async function carryOut(
  caller: Context,
  keeper: Context,
  record: Lead,
  plan: ConversionPlan,
  strategies: NonNullable<ConversionRequest["strategies"]>,
): Promise<Lead> {
  const origin = { source: "conversion", reference: record.id, ...caller.origin };
  const [ctx, system] = [caller.from(origin), keeper.from(origin)];
  const accountId = await settle(ctx, "account", plan, {});
  const contactId = await settle(ctx, "contact", plan, { accountId });
  const opportunityId = await settle(ctx, "opportunity", plan, { accountId, contactId });
  const targets: Targets = { account: accountId, contact: contactId, opportunity: opportunityId };
  for (const target of TARGETS) await settleUnseen(system, target, plan, targets[target], strategies[target]);
  const convertedAt = ctx.now();
  const conversion = await system.repo(leadConversion).create({
    leadId: record.id,
    accountId,
    contactId,
    opportunityId,
    made: TARGETS.filter((target) => plan[target].mode === "new"),
    accountChanges: await sealChanges(system, "account", accountId, plan.account.changes),
    contactChanges: await sealChanges(system, "contact", contactId, plan.contact.changes),
    opportunityChanges: await sealChanges(system, "opportunity", opportunityId, plan.opportunity.changes),
    statusBefore: record.status,
    captureKeyBefore: record.captureKey,
    convertedAt,
    openKey: record.id,
  });
  await follow(system, conversion.id, record, targets, ctx);
  const converted = await system.repo(lead).update(record.id, {
    status: "converted",
    convertedAt,
    convertedAccountId: accountId,
    convertedContactId: contactId,
    convertedOpportunityId: opportunityId,
  });
  await ctx.emit(leadConverted, { accountId, contactId, opportunityId }, { entity: lead, record: record.id });
  return converted;
}

async function settle(
  ctx: Context,
  target: TargetName,
  plan: ConversionPlan,
  links: { readonly accountId?: string | null; readonly contactId?: string | null },
): Promise<string | null> {
  const { mode, id: known, changes } = plan[target];
  if (mode === "none") return null;
  const linked = linksFor(target, plan, links);
  if (mode === "existing") {
    const patch = { ...patchOf(changes), ...linked };
    const handle = handleOf(ctx, target);
    if (Object.keys(patch).length > 0) await repoOf(ctx, handle).update(known as string, patch);
    return known;
  }
  const { values } = plan[target];
  if (target !== "opportunity") {
    const handle: AnyEntity = handleOf(ctx, target);
    return String((await repoOf(ctx, handle).create({ ...values, ...linked })).id);
  }
  const { name: called, amount, closeDate, ownerId, ...rest } = values;
  const { id: opened } = await ctx.service(opportunities).open({
    name: called as string,
    amount: amount as never,
    closeDate: closeDate as string | null,
    ownerId: (ownerId as string | undefined) ?? null,
    accountId: links.accountId ?? null,
    contactId: links.contactId ?? null,
    ...(entityOf(ctx, target) !== null && Object.keys(rest).length > 0 ? { values: rest } : {}),
  });
  return opened;
}

/** What the caller sees on neither side goes along with the rights of the system. */
async function settleUnseen(
  system: Context,
  target: TargetName,
  plan: ConversionPlan,
  id: string | null,
  strategies: Strategies = {},
): Promise<void> {
  const { mode, unseen, changes } = plan[target];
  if (id === null || Object.keys(unseen).length === 0) return;
  const records = repoOf(system, handleOf(system, target));
  // A new record may have got values from hooks: they stay, as those of one that was there.
  const filled = fill(await records.get(id, { lock: true }), unseen, strategies).changes;
  if (Object.keys(filled).length === 0) return;
  await records.update(id, patchOf(filled));
  if (mode === "existing") Object.assign(changes, filled);
}

/** A record that is there gets the others where it has none; they are noted among the changes, so that it can be undone. */
function linksFor(
  target: TargetName,
  plan: ConversionPlan,
  links: { readonly accountId?: string | null; readonly contactId?: string | null },
): Record<string, unknown> {
  const { mode, changes, missing } = plan[target];
  if (mode === "new") return target === "contact" ? { accountId: links.accountId ?? null } : {};
  const linked: Record<string, unknown> = {};
  for (const field of missing) {
    const to = links[field];
    if (!to) continue;
    linked[field] = to;
    changes[field] = { before: null, after: to };
  }
  return linked;
}
