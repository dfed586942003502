import { activity, type Context, defineJob, defineSchedule, Type } from "@corm/core";
import { addDays, endOfTerm } from "../contracts/months.js";
import { type Contract, contract } from "../entities/contract.js";
import { sellerDay } from "../services/today.js";

const PAGE = 200;

/** Reminds owners of contracts that end, ends those that are over, and lets those go on that renew by themselves. */
export const contractTerms = defineJob("sales.contractTerms", {
  input: Type.Object({}),
  capability: "sales.quotes",
  transactional: true,
  run: async (ctx) => {
    const today = sellerDay(ctx);
    await remind(ctx, today);
    await endOrRenew(ctx, today);
  },
});

export const contractTermsDaily = defineSchedule("sales.contractTermsDaily", {
  cron: "10 5 * * *",
  job: contractTerms,
  input: {},
});

/** One task for one term, in the transaction that notes it. */
async function remind(ctx: Context, today: string): Promise<void> {
  const due = {
    status: "active",
    reminderOn: { lte: today },
    remindedAt: null,
    endsOn: { gte: today },
  } as const;
  for (;;) {
    const { items } = await ctx.repo(contract).find({ where: due, orderBy: ["id"], limit: PAGE });
    if (items.length === 0) return;
    await ctx.repo(activity).createMany(
      items.map(({ number, name, endsOn, renewal, ownerId, accountId, contactId, opportunityId }) => ({
        kind: "task" as const,
        subject: `Contract ${number} ends on ${endsOn}`,
        body: `${name}. Renewal: ${renewal}.`,
        dueAt: `${endsOn}T00:00:00Z`,
        ...{ ownerId, accountId, contactId, opportunityId },
      })),
    );
    const remindedAt = ctx.now();
    await ctx
      .repo(contract)
      .updateMany(items.map(({ id, version }) => ({ id, version, patch: { remindedAt } })));
  }
}

async function endOrRenew(ctx: Context, today: string): Promise<void> {
  for (;;) {
    const { items } = await ctx
      .repo(contract)
      .find({ where: { status: "active", endsOn: { lt: today } }, orderBy: ["id"], limit: PAGE });
    if (items.length === 0) return;
    await ctx
      .repo(contract)
      .updateMany(items.map((one) => ({ id: one.id, version: one.version, patch: afterTerm(one) })));
  }
}

function afterTerm({ renewal, endsOn, termMonths, noticeDays }: Contract): Partial<Contract> {
  if (renewal !== "automatic" || termMonths === null || endsOn === null) return { status: "ended" };
  const next = endOfTerm(addDays(endsOn, 1), termMonths);
  const reminderOn = noticeDays === null ? null : addDays(next, -noticeDays);
  return { endsOn: next, reminderOn, remindedAt: null };
}
