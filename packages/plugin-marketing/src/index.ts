export { cancelMailing } from "./actions/cancel-mailing.js";
export { explainSegment } from "./actions/explain-segment.js";
export { type MailingCounts, mailingProgress } from "./actions/mailing-progress.js";
export { previewSegment } from "./actions/preview-segment.js";
export { previewTemplate } from "./actions/preview-template.js";
export { resolveDelivery } from "./actions/resolve-delivery.js";
export { sendMailing } from "./actions/send-mailing.js";
export { type Campaign, type CampaignInput, campaign } from "./entities/campaign.js";
export {
  contactOfMarketing,
  type Delivery,
  type DeliveryInput,
  delivery,
  deliveryReasons,
  mailingWithDeliveries,
} from "./entities/delivery.js";
export {
  campaignWithMailings,
  type Mailing,
  type MailingContent,
  type MailingInput,
  mailing,
} from "./entities/mailing.js";
export {
  type MessageTemplate,
  type MessageTemplateInput,
  messageTemplate,
} from "./entities/message-template.js";
export { type Segment, type SegmentInput, segment } from "./entities/segment.js";
export {
  type SegmentMember,
  type SegmentMemberInput,
  segmentMember,
  segmentWithMembers,
} from "./entities/segment-member.js";
export {
  type SubscriptionTopic,
  type SubscriptionTopicInput,
  subscriptionTopic,
} from "./entities/subscription-topic.js";
export {
  DeliveryInTransaction,
  DeliveryReadOnly,
  InvalidSegment,
  InvalidTemplate,
  LinkInvalid,
  MailingNotEditable,
  MailNotConfigured,
  MissingVariable,
  UnsafeMessage,
} from "./errors.js";
export { messagesSent, suppressionRate } from "./metrics.js";
export { type MarketingOptions, type MarketingPlugin, marketing } from "./plugin.js";
export { type DeliverOptions, type MailingRun, type Mailings, mailings } from "./services/mailings.js";
