import { type Context, defineAction, instant, oneOf, Type, UnknownField } from "@corm/core";
import { type Lead, lead } from "../entities/lead.js";
import { leadPool } from "../entities/lead-pool.js";
import { coolingUntil } from "../pool/claim.js";
import { pooling } from "../pool/rights.js";

const nullable = (schema: Parameters<typeof Type.Union>[0][number]) => Type.Union([schema, Type.Null()]);
const text = Type.String();
const SHOWN = ["firstName", "lastName", "title", "company", "industry", "country", "score", "grade"] as const;

/**
 * The free leads of a pool, for those who may look into it though the leads are nobody's: what tells whether one wants a
 * lead, with e-mail and phone masked until it is claimed. No condition leads around the mask.
 * `POST /api/lead-pools/{id}/browse`
 */
export const browse = defineAction({
  name: "browse",
  on: leadPool,
  label: "Look into a pool",
  readOnly: true,
  input: Type.Object({
    industry: Type.Optional(Type.String({ maxLength: 100 })),
    country: Type.Optional(Type.String({ maxLength: 100 })),
    minScore: Type.Optional(Type.Integer()),
    grade: Type.Optional(oneOf(["A", "B", "C", "D"])),
    orderBy: Type.Optional(Type.Enum(["score", "oldest", "newest"])),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    after: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  }),
  output: Type.Object({
    items: Type.Array(
      Type.Object({
        id: text,
        ...Object.fromEntries(
          SHOWN.map((name) => [name, nullable(name === "score" ? Type.Integer() : text)]),
        ),
        email: nullable(text),
        phone: nullable(text),
        recycleCount: Type.Integer(),
        lastHolderId: nullable(text),
        createdAt: instant(),
        /** When the caller, who has held it, can claim it again; null for at once. */
        claimableAt: nullable(text),
      }),
    ),
    next: nullable(text),
  }),
  run: async ({ input, record }, ctx) => {
    const system = pooling(ctx);
    const hidden = hiddenFrom(ctx);
    const { industry, country, minScore, grade, limit = 50, after = null } = input;
    const orderBy = input.orderBy ?? (hidden("score") ? "newest" : "score");
    // What is hidden from the caller neither chooses nor orders what he is shown.
    const asked = { industry, country, score: minScore ?? (orderBy === "score" || undefined), grade };
    for (const [field, value] of Object.entries(asked))
      if (value !== undefined && hidden(field)) throw UnknownField({ entity: lead.name, field });
    const { items, next } = await system.repo(lead).find({
      where: {
        poolId: record.id,
        ownerId: null,
        status: { in: ["new", "working", "qualified"] },
        ...(industry === undefined ? {} : { industry }),
        ...(country === undefined ? {} : { country }),
        ...(minScore === undefined ? {} : { score: { gte: minScore } }),
        ...(grade === undefined ? {} : { grade }),
      },
      orderBy:
        orderBy === "score"
          ? ["-score", "id"]
          : orderBy === "oldest"
            ? ["createdAt", "id"]
            : ["-createdAt", "-id"],
      limit,
      after,
    });
    const userId = ctx.userId ?? (ctx.actor.kind === "user" ? ctx.actor.id : null);
    const cooling = userId
      ? await coolingUntil(
          system,
          record,
          userId,
          items.map(({ id }) => id),
        )
      : new Map<string, string>();
    return { items: items.map((row) => shown(ctx, row as Lead, cooling.get(row.id) ?? null)), next };
  },
});

/** Whether the caller's role hides a field of leads; whoever reads no leads of his own sees what pools show. */
function hiddenFrom(ctx: Context): (field: string) => boolean {
  const fields = ctx.catalog.entities.get(lead.name)?.fields;
  return (field) => fields?.has(field) === false;
}

function shown(ctx: Context, row: Lead, claimableAt: string | null) {
  // Fields that the caller's role hides stay hidden here.
  const hidden = hiddenFrom(ctx);
  const own = Object.fromEntries(SHOWN.map((name) => [name, hidden(name) ? null : row[name]]));
  return {
    id: row.id,
    ...own,
    email: hidden("email") ? null : maskedEmail(row.email),
    phone: hidden("phone") ? null : maskedPhone(row.phone),
    recycleCount: row.recycleCount,
    lastHolderId: row.lastHolderId,
    createdAt: row.createdAt,
    claimableAt,
  };
}

/** The domain tells a company from a private person; the name stays hidden. */
const maskedEmail = (email: string | null): string | null =>
  email && `***${email.slice(email.lastIndexOf("@"))}`;

/** The last two digits, to tell two people of one name apart; of a short one nothing. */
const maskedPhone = (phone: string | null): string | null =>
  phone && (phone.length > 8 ? `***${phone.slice(-2)}` : "***");
