import type { Context } from "../context/context.js";
import type { Where } from "../context/query.js";
import type { Repository } from "../context/repository.js";
import { definePersonalData, type PersonalData, type Subject } from "../privacy/define-personal-data.js";
import { accountContact } from "./entities/account-contact.js";
import { activity } from "./entities/activity.js";
import { attachment } from "./entities/attachment.js";
import { consent } from "./entities/consent.js";
import { contact } from "./entities/contact.js";
import { importRejection, REJECTION_DAYS } from "./entities/import-job.js";
import { note } from "./entities/note.js";
import { qualityFinding } from "./entities/quality.js";
import {
  contactPoint,
  type MergeStep,
  type MergeStepInput,
  mergeStep,
  recordMerge,
  UNDO_DAYS,
} from "./entities/record-merge.js";
import { tagging } from "./entities/tag.js";
import { touchpoint } from "./entities/touchpoint.js";
import { erasedAddress } from "./services/consents.js";

/** Whom the records of the crm plugin are about. */
export const crmPrivacy: readonly PersonalData[] = [
  definePersonalData(contact, {
    person: true,
    addresses: { email: "email", phone: "phone" },
    erase: "delete",
  }),
  definePersonalData(contactPoint, { by: ["contactId"], addresses: { value: "any" }, erase: "delete" }),
  // What a merge overwrote: kept as long as it can be undone.
  definePersonalData(mergeStep, {
    mentions: ["before", "after", "provenance"],
    erase: "delete",
    days: UNDO_DAYS,
    onErase: forgetMerges,
  }),
  definePersonalData(activity, { by: ["contactId"], erase: "anonymise" }),
  // Rows of files that were not taken: no reference says whom they are about, and of some nothing does.
  definePersonalData(importRejection, {
    mentions: ["cells", "reason"],
    erase: "delete",
    days: REJECTION_DAYS,
  }),
  definePersonalData(touchpoint, { by: ["contactId"], erase: "anonymise", keep: ["channel"] }),
  definePersonalData(attachment, { files: ["key"], erase: "delete" }),
  definePersonalData(note, { erase: "delete" }),
  definePersonalData(tagging, { erase: "delete" }),
  definePersonalData(qualityFinding, { erase: "delete" }),
  definePersonalData(accountContact, { by: ["contactId"], erase: "delete" }),
  definePersonalData(consent, {
    by: ["contactId"],
    addresses: { address: "any" },
    erase: "anonymise",
    keep: ["topic", "legalBasis"],
    // The ledger goes on to answer for the address, and no longer says which it is.
    replace: {
      address: (value, ctx) =>
        String(value).startsWith("erased:") ? value : erasedAddress(ctx, String(value)),
    },
    onErase: withdrawAll,
  }),
];

/** What merges of a person did, and what others did with him: without his records none of it can be taken back. */
async function forgetMerges(subject: Subject, ctx: Context): Promise<void> {
  const steps = ctx.repo(mergeStep);
  for (const [entity, all] of subject.persons)
    for (let i = 0; i < all.length; i += CHUNK) {
      const ids = all.slice(i, i + CHUNK);
      const own = { entity, recordId: { in: ids } };
      const merges = new Set<string>();
      const survived = ctx.repo(recordMerge).stream({ where: { entity, survivorId: { in: ids } } });
      for await (const { id } of survived) merges.add(id);
      // Also of merges that were taken back: what the other one got of him stands in their steps.
      for await (const { mergeId } of steps.stream({ where: { ...own, kind: "bin" } })) merges.add(mergeId);
      for (const mergeId of merges) await purgeAll(steps, { mergeId });
      await purgeAll(steps, own);
    }
}

const CHUNK = 500;

async function purgeAll(
  steps: Repository<MergeStep, MergeStepInput>,
  where: Where<MergeStep>,
): Promise<void> {
  for (;;) {
    const { items } = await steps.find({ where, select: ["id"], limit: CHUNK, withDeleted: true });
    await steps.purgeMany(items.map(({ id }) => id));
    if (items.length < CHUNK) return;
  }
}

/** Whoever asks to be forgotten does not want to be written to, also when he is imported again. */
async function withdrawAll(subject: Subject, ctx: Context): Promise<void> {
  const channels = [
    ...subject.addresses.email.map((address) => ["email", address] as const),
    ...subject.addresses.phone.flatMap((address) => [["sms", address] as const, ["phone", address] as const]),
  ];
  const wanted = new Map(
    channels.map(([channel, address]) => {
      const entry = {
        channel,
        address: erasedAddress(ctx, address),
        topic: "*",
        decision: "withdrawn" as const,
        legalBasis: "erasure",
      };
      return [`${channel} ${entry.address}`, entry];
    }),
  );
  if (wanted.size === 0) return;
  const entries = [...wanted.values()];
  const repository = ctx.repo(consent);
  const { address: _, channel: __, ...common } = entries[0] as (typeof entries)[0];
  const addresses = entries.map((entry) => entry.address);
  const done = repository.stream({
    where: { ...common, address: { in: addresses } },
    select: ["channel", "address"],
  });
  for await (const { channel, address } of done) wanted.delete(`${channel} ${address}`);
  await repository.createMany([...wanted.values()].map((entry) => ({ ...entry, decidedAt: ctx.now() })));
}
