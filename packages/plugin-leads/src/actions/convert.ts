import { type Context, date, defineAction, money, opportunities } from "@corm/core";
import Type from "typebox";
import { activityOfLead, touchpointOfLead } from "../entities/extensions.js";
import { type Lead, lead } from "../entities/lead.js";
import { NothingToConvertTo, OpportunitiesUnavailable } from "../errors.js";
import { chosenContact, personName, settleAccount, settleContact } from "../services/conversion-targets.js";

const id = Type.String({ format: "uuid" });
const existing = Type.Object({ id }, { additionalProperties: false });
const nullableId = Type.Union([Type.String(), Type.Null()]);

/**
 * Makes an account, a contact and, where asked for, an opportunity of a lead, in one transaction. Called again, also
 * at the same moment, it answers the first result. Existing targets get what they do not have; nothing is overwritten.
 */
export const convert = defineAction({
  name: "convert",
  on: lead,
  label: "Convert a lead",
  description:
    "Turns a lead into account, contact and opportunity. The second call answers the first call's result.",
  input: Type.Object({
    /** Left out: the existing contact's account, else a new one of the lead's company. `null`: none. */
    account: Type.Optional(
      Type.Union([
        existing,
        Type.Object(
          { name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })) },
          { additionalProperties: false },
        ),
        Type.Null(),
      ]),
    ),
    /** Left out: a new one. `null`: none. */
    contact: Type.Optional(
      Type.Union([
        existing,
        Type.Object(
          {
            firstName: Type.Optional(Type.String({ maxLength: 100 })),
            lastName: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
          },
          { additionalProperties: false },
        ),
        Type.Null(),
      ]),
    ),
    /** Left out or `null`: none. */
    opportunity: Type.Optional(
      Type.Union([
        Type.Object(
          {
            name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
            amount: Type.Optional(Type.Union([money(), Type.Null()])),
            closeDate: Type.Optional(Type.Union([date(), Type.Null()])),
          },
          { additionalProperties: false },
        ),
        Type.Null(),
      ]),
    ),
    /** Of what is created; default the lead's owner. */
    ownerId: Type.Optional(id),
  }),
  output: Type.Object({
    leadId: Type.String(),
    accountId: nullableId,
    contactId: nullableId,
    opportunityId: nullableId,
    convertedAt: Type.String(),
  }),
  run: async ({ input, record }, ctx) => {
    if (record.status === "converted") return resultOf(record);
    const keeper = input.opportunity ? ctx.optional(opportunities) : undefined;
    if (input.opportunity && !keeper) throw OpportunitiesUnavailable({});

    const ownerId = input.ownerId ?? record.ownerId;
    const known = await chosenContact(ctx, input.contact);
    const accountId = await settleAccount(ctx, record, input.account, { ownerId, contact: known });
    const contactId = await settleContact(ctx, record, input.contact, { ownerId, known, accountId });
    if (!accountId && !contactId && !input.opportunity) throw NothingToConvertTo({ id: record.id });
    let opportunityId: string | null = null;
    if (input.opportunity && keeper) {
      const { name, amount, closeDate } = input.opportunity;
      const opened = await keeper.open({
        name: name ?? opportunityName(record),
        accountId,
        contactId,
        ownerId,
        amount: amount ?? null,
        closeDate: closeDate ?? null,
      });
      opportunityId = opened.id;
    }
    await moveHistory(ctx, record.id, { accountId, contactId });
    const converted = await ctx
      .asSystem({ capability: "leads.convert", reason: "lead.convert" })
      .repo(lead)
      .update(record.id, {
        status: "converted",
        convertedAt: ctx.now(),
        convertedAccountId: accountId,
        convertedContactId: contactId,
        convertedOpportunityId: opportunityId,
      });
    return resultOf(converted);
  },
});

function resultOf(converted: Lead) {
  return {
    leadId: converted.id,
    accountId: converted.convertedAccountId,
    contactId: converted.convertedContactId,
    opportunityId: converted.convertedOpportunityId,
    convertedAt: converted.convertedAt as string,
  };
}

const opportunityName = (record: Lead): string =>
  record.company ?? personName(record) ?? record.email ?? record.phone ?? "Opportunity";

/** What happened with the lead happened with the person and the company. */
async function moveHistory(
  ctx: Context,
  leadId: string,
  { accountId, contactId }: { readonly accountId: string | null; readonly contactId: string | null },
): Promise<void> {
  // All of it, whoever of the company it belongs to.
  const system = ctx.asSystem({ capability: "leads.convert", reason: "lead.convert" });
  const activities = system.repo(activityOfLead);
  if (contactId) {
    await activities.updateWhere({ leadId, contactId: null }, { contactId });
    await system.repo(touchpointOfLead).updateWhere({ leadId, contactId: null }, { contactId });
  }
  if (accountId) await activities.updateWhere({ leadId, accountId: null }, { accountId });
}
