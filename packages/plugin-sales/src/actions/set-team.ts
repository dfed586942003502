import {
  allocate,
  assertCan,
  defineAction,
  type Money,
  money,
  percentOf,
  Type,
  ValidationFailed,
} from "@corm/core";
import { opportunity } from "../entities/opportunity.js";
import { opportunityMember } from "../entities/opportunity-people.js";

const member = Type.Object({
  userId: Type.String({ format: "uuid" }),
  role: Type.Optional(Type.String({ maxLength: 100 })),
  split: Type.Enum(["revenue", "overlay", "none"]),
  percent: Type.Optional(Type.Number({ minimum: 0, maximum: 1000, multipleOf: 0.01 })),
});

/** Writes the team of an opportunity and its splits as a whole. `POST /api/opportunities/{id}/set-team` */
export const setTeam = defineAction({
  name: "setTeam",
  on: opportunity,
  label: "Set the team",
  description:
    "Replaces the team. Revenue splits add up to 100 % of the amount, to the smallest unit of its currency; overlay splits are free.",
  input: Type.Object({ members: Type.Array(member, { maxItems: 50 }) }),
  output: Type.Object({
    members: Type.Array(
      Type.Object({
        userId: Type.String(),
        split: Type.String(),
        percent: Type.Number(),
        /** Of the amount; null where the opportunity has none. */
        amount: Type.Union([money(), Type.Null()]),
      }),
    ),
  }),
  run: async ({ record, input: { members } }, ctx) => {
    await assertCan(ctx, ["update"], opportunity, [record.id]);
    const revenue = members.filter(({ split }) => split === "revenue");
    const hundredths = revenue.reduce((sum, { percent = 0 }) => sum + Math.round(percent * 100), 0);
    if (revenue.length > 0 && hundredths !== 10_000) {
      const message = `revenue splits add up to ${hundredths / 100} %, and not to 100 %`;
      const issue = { pointer: "/members", code: "split-sum", message };
      throw ValidationFailed({ entity: opportunityMember.name, issues: [issue] });
    }
    const system = ctx.asSystem({ capability: "sales.pipelines", reason: "team of an opportunity" });
    const team = system.repo(opportunityMember);
    const { items } = await team.find({ where: { opportunityId: record.id }, select: ["id"], limit: 500 });
    await team.purgeMany(items.map(({ id }) => id));
    await team.createMany(
      members.map(({ percent = 0, ...rest }) => ({ ...rest, percent, opportunityId: record.id })),
    );
    const { amount } = record;
    const parts = amount
      ? allocated(
          amount,
          revenue.map(({ percent = 0 }) => percent),
        )
      : [];
    return {
      members: members.map(({ userId, split, percent = 0 }) => {
        const own =
          split === "revenue" ? (parts.shift() ?? null) : amount && percentOf(amount, percent.toFixed(2));
        return { userId, split, percent, amount: own };
      }),
    };
  },
});

const allocated = (amount: Money, percents: readonly number[]): Money[] =>
  percents.length === 0 ? [] : allocate(amount, percents);
