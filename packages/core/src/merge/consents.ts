import type { RecordValues } from "../model/record-codec.js";
import type { Session } from "../runtime/session.js";
import { normalAddress } from "../standards/normal-address.js";
import type { MergeLog } from "./log.js";

interface Entry {
  readonly id: string;
  readonly channel: string;
  readonly address: string;
  readonly topic: string;
  readonly decision: string;
}
interface Ledger {
  stream(query: object): AsyncIterable<Entry>;
  createMany(entries: readonly object[]): Promise<readonly { id: string }[]>;
}

/** Whom a channel reaches. */
const REACHES: Readonly<Record<string, "email" | "phone">> = { email: "email", sms: "phone", phone: "phone" };

/**
 * The most restrictive decision of all addresses holds for each of them: who has said no under one address is not written to
 * under another only because both are known to be his now. What is added is undone with the merge.
 */
export async function restrictConsents(
  system: Session,
  log: MergeLog,
  addresses: Readonly<Record<"email" | "phone", readonly string[]>>,
  survivor: { readonly entity: string; readonly id: string },
): Promise<void> {
  if (!system.hasEntity("consent")) return;
  const known = {
    email: [...new Set(addresses.email.map((address) => normalAddress(address, system.country)))],
    phone: [...new Set(addresses.phone.map((address) => normalAddress(address, system.country)))],
  };
  const all = [...known.email, ...known.phone];
  if (all.length < 2) return;
  const ledger = system.repo({ name: "consent" } as never) as unknown as Ledger;
  const latest = new Map<string, Entry>();
  for await (const entry of ledger.stream({
    where: { address: { in: all } },
    select: ["id", "channel", "address", "topic", "decision"],
    orderBy: ["decidedAt", "id"],
  }))
    latest.set(JSON.stringify([entry.channel, entry.topic, entry.address]), entry);
  const refused = new Set(
    [...latest.values()]
      .filter(({ decision }) => decision === "withdrawn")
      .map(({ channel, topic }) => JSON.stringify([channel, topic])),
  );
  const entries: RecordValues[] = [];
  for (const key of refused) {
    const [channel, topic] = JSON.parse(key) as [string, string];
    const kind = REACHES[channel];
    if (!kind) continue;
    for (const address of known[kind]) {
      if (latest.get(JSON.stringify([channel, topic, address]))?.decision === "withdrawn") continue;
      entries.push({
        channel,
        address,
        topic,
        decision: "withdrawn",
        legalBasis: "merge",
        evidence: `Merge ${log.id}: withdrawn under another address of the same person`,
        decidedAt: system.now(),
        ...(survivor.entity === "contact" ? { contactId: survivor.id } : {}),
      });
    }
  }
  if (entries.length === 0) return;
  const made = await ledger.createMany(entries);
  await log.note(...made.map(({ id }) => ({ kind: "make" as const, entity: "consent", recordId: id })));
}
