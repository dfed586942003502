import {
  defineEntity,
  extendEntity,
  type Input,
  instant,
  json,
  many,
  one,
  oneOf,
  type Row,
  reference,
  type Static,
  Type,
  withDefault,
} from "@corm/core";
import { campaign } from "./campaign.js";
import { messageTemplate } from "./message-template.js";
import { segment } from "./segment.js";
import { subscriptionTopic } from "./subscription-topic.js";

/** The template as it was when the mailing was sent: later edits do not reach a mailing under way. */
export const mailingContent = Type.Object({
  subject: Type.String(),
  html: Type.String(),
  text: Type.Union([Type.String(), Type.Null()]),
});
export type MailingContent = Static<typeof mailingContent>;

const draft = defineEntity("mailing", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    segmentId: reference(segment),
    templateId: reference(messageTemplate),
    /** Consent is asked for this topic, and unsubscribing withdraws it. */
    topicId: reference(subscriptionTopic),
    campaignId: Type.Optional(reference(campaign, { onDelete: "set null" })),
    /** `queued`: recipients are being written down. `sending`: messages are being handed over. */
    status: withDefault(oneOf(["draft", "queued", "sending", "sent", "cancelled"]), "draft"),
    content: Type.Optional(json(mailingContent)),
    /** When `send` was called. */
    queuedAt: Type.Optional(instant()),
    /** When the last message was handed over, or the mailing was cancelled. */
    finishedAt: Type.Optional(instant()),
  },
  relations: {
    segment: one("segmentId"),
    template: one("templateId"),
    topic: one("topicId"),
    campaign: one("campaignId"),
  },
  indexes: [["status"]],
  searchable: ["name"],
});

export interface Mailing extends Row<typeof draft> {}
export interface MailingInput extends Input<typeof draft> {}
/** One message to everyone in a segment. */
export const mailing = draft.as<Mailing, MailingInput>();

/** The campaign with its mailings. */
export const campaignWithMailings = extendEntity(campaign, {
  relations: { mailings: many(mailing, "campaignId") },
});
