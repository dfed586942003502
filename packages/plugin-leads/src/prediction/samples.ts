import type { Context } from "@corm/core";
import { touchpointOfLead } from "../entities/extensions.js";
import type { Lead } from "../entities/lead.js";
import type { Sample, Value } from "../learning/encode.js";

/** What models see of leads: one query for all of them, of how they came. At most 500. With the rights of the system. */
export async function samplesOf(ctx: Context, leads: readonly Lead[]): Promise<Sample[]> {
  const first = await firstTouches(
    ctx,
    leads.map(({ id }) => id),
  );
  return leads.map((one) => {
    const touch = first.get(one.id);
    const own = one as unknown as Record<string, Value>;
    return {
      ...own,
      hasPhone: Number(one.phone !== null),
      hasEmail: Number(one.email !== null),
      hasCompany: Number(one.company !== null),
      hasWebsite: Number(one.website !== null),
      emailDomain: one.email?.split("@")[1] ?? null,
      firstChannel: touch?.channel ?? null,
      firstSource: touch?.source ?? null,
    };
  });
}

interface Touch {
  readonly channel: string;
  readonly source: string | null;
}

async function firstTouches(ctx: Context, ids: readonly string[]): Promise<Map<string, Touch>> {
  const first = new Map<string, Touch>();
  if (ids.length === 0) return first;
  const touches = ctx.repo(touchpointOfLead).stream({
    where: { leadId: { in: ids } },
    select: ["id", "leadId", "channel", "source"],
    orderBy: ["capturedAt", "id"],
    limit: 500,
  });
  for await (const { leadId, channel, source } of touches) {
    if (leadId !== null && !first.has(leadId)) first.set(leadId, { channel, source });
    // Who comes back a thousand times is not read a thousand times.
    if (first.size === ids.length) break;
  }
  return first;
}
