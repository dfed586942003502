import {
  beforeAction,
  committedAction,
  definePlugin,
  type OptionsOf,
  type PluginFactory,
  type PluginOf,
  provide,
} from "@corm/core";
import { cancelMailing } from "./actions/cancel-mailing.js";
import { explainSegment } from "./actions/explain-segment.js";
import { mailingProgress } from "./actions/mailing-progress.js";
import { previewSegment } from "./actions/preview-segment.js";
import { previewTemplate } from "./actions/preview-template.js";
import { resolveDelivery } from "./actions/resolve-delivery.js";
import { sendMailing } from "./actions/send-mailing.js";
import { campaign } from "./entities/campaign.js";
import { contactOfMarketing, delivery, mailingWithDeliveries } from "./entities/delivery.js";
import { campaignWithMailings, mailing } from "./entities/mailing.js";
import { messageTemplate } from "./entities/message-template.js";
import { segment } from "./entities/segment.js";
import { segmentMember, segmentWithMembers } from "./entities/segment-member.js";
import { subscriptionTopic } from "./entities/subscription-topic.js";
import { checkTemplates } from "./hooks/check-templates.js";
import { guardMailings } from "./hooks/guard-mailings.js";
import { guardSegments } from "./hooks/guard-segments.js";
import { metrics } from "./metrics.js";
import { mailSettings, optionsSchema } from "./options.js";
import { privacy } from "./privacy.js";
import { unsubscribeRoutes } from "./routes/unsubscribe.js";
import { createCourier } from "./sending/courier.js";
import { mailings, mailingsOf } from "./services/mailings.js";
import { timeline } from "./timeline.js";

const plugin = definePlugin({
  name: "marketing",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  options: optionsSchema,
  setup: (options) => {
    const settings = mailSettings(options);
    const courier = createCourier();
    const automatic = options.delivery !== "manual";
    return {
      entities: {
        segment,
        segmentMember,
        campaign,
        subscriptionTopic,
        messageTemplate,
        mailing,
        delivery,
      },
      extends: {
        contact: contactOfMarketing,
        segment: segmentWithMembers,
        campaign: campaignWithMailings,
        mailing: mailingWithDeliveries,
      },
      actions: {
        previewSegment,
        explainSegment,
        previewTemplate,
        sendMailing,
        cancelMailing,
        mailingProgress,
        resolveDelivery,
      },
      capabilities: {
        "marketing.deliver": "Expands the audience of a mailing, and sends it",
        "marketing.unsubscribe": "Takes back a consent by the link in a message",
      },
      hooks: [
        ...guardSegments,
        ...checkTemplates,
        ...guardMailings,
        // A mailing that nobody could deliver is refused, not queued.
        beforeAction(sendMailing, { name: "marketing.mail-configured" }, () => void settings()),
        committedAction(sendMailing, { name: "marketing.courier" }, (_, ctx) => {
          if (automatic) courier.nudge(ctx);
        }),
      ],
      services: [provide(mailings, (ctx) => mailingsOf(ctx, settings))],
      routes: unsubscribeRoutes,
      privacy,
      metrics,
      timeline,
      permissions: {
        "segment.preview": "Count and see the people of a segment",
        "segment.explain": "See why a contact is in a segment or not",
        "messageTemplate.preview": "Render a template for a contact",
        "mailing.send": "Send a mailing",
        "mailing.cancel": "Stop a mailing",
        "mailing.progress": "See how far a mailing has come",
        "delivery.resolve": "Settle an uncertain delivery",
      },
      start: async (crm) => {
        if (automatic && options.smtp && options.from && options.publicUrl) courier.start(crm);
      },
      stop: () => courier.stop(),
    };
  },
});

export interface MarketingPlugin extends PluginOf<typeof plugin> {}
export interface MarketingOptions extends OptionsOf<typeof plugin> {}

/** Segments, templates, and mailings that ask for consent and reach nobody twice. */
export const marketing: PluginFactory<MarketingPlugin, MarketingOptions> = plugin;
