import { definePlugin, type PluginFactory, type PluginOf } from "../plugin/define-plugin.js";
import { provide } from "../services/define-service.js";
import { CORE_VERSION } from "../util/version.js";
import { account } from "./entities/account.js";
import { activity } from "./entities/activity.js";
import { apiKey } from "./entities/api-key.js";
import { calendar } from "./entities/calendar.js";
import { consent } from "./entities/consent.js";
import { accountWithContacts, contact } from "./entities/contact.js";
import { importJob, importRejection } from "./entities/import-job.js";
import { recordShare } from "./entities/record-share.js";
import { sequence } from "./entities/sequence.js";
import { subordinate } from "./entities/subordinate.js";
import { team, teamMember } from "./entities/team.js";
import { touchpoint } from "./entities/touchpoint.js";
import { user } from "./entities/user.js";
import { guardShares } from "./hooks/guard-shares.js";
import { keepHierarchy } from "./hooks/keep-hierarchy.js";
import { crmPrivacy } from "./privacy.js";
import { privacyRoutes } from "./routes/privacy-routes.js";
import { consents, consentsOf } from "./services/consents.js";

import { timeline } from "./timeline.js";

export * from "./entities/account.js";
export * from "./entities/activity.js";
export * from "./entities/api-key.js";
export * from "./entities/calendar.js";
export * from "./entities/consent.js";
export * from "./entities/contact.js";
export * from "./entities/import-job.js";
export * from "./entities/record-share.js";
export * from "./entities/sequence.js";
export * from "./entities/subordinate.js";
export * from "./entities/team.js";
export * from "./entities/touchpoint.js";
export * from "./entities/user.js";
export { ManagerCycle } from "./hooks/keep-hierarchy.js";
export { findApiKey, issueApiKey } from "./services/api-keys.js";
export {
  type Consents,
  consentAddress,
  consents,
  type SendDecision,
  type SendQuestion,
} from "./services/consents.js";
export {
  type MailParty,
  type MailPort,
  type MailReceipt,
  mailPort,
  type OutgoingMail,
} from "./services/mail.js";
export { nextNumber, nextNumbers } from "./services/numbers.js";
export { type Opportunities, type OpportunityRequest, opportunities } from "./services/opportunities.js";
export { activityTimeline } from "./timeline.js";

const plugin = definePlugin({
  name: "crm",
  version: CORE_VERSION,
  corm: "^0.1",
  setup: () => ({
    entities: {
      account,
      activity,
      apiKey,
      calendar,
      consent,
      contact,
      importJob,
      importRejection,
      recordShare,
      sequence,
      subordinate,
      team,
      teamMember,
      touchpoint,
      user,
    },
    extends: { account: accountWithContacts },
    hooks: [...keepHierarchy, ...guardShares],
    services: [provide(consents, consentsOf)],
    directory: {
      members: { entity: teamMember, team: "teamId", user: "userId" },
      subordinates: { entity: subordinate, manager: "managerId", user: "userId" },
      shares: {
        entity: recordShare,
        of: "entity",
        record: "recordId",
        user: "userId",
        team: "teamId",
        role: "role",
        level: "level",
      },
    },
    timeline,
    routes: privacyRoutes,
    privacy: crmPrivacy,
    permissions: {
      "privacy.export": "Read everything that is kept of a person, as one file",
      "privacy.erase": "Erase everything that is kept of a person",
    },
  }),
});

export interface CrmCorePlugin extends PluginOf<typeof plugin> {}

/** Accounts, contacts, activities, people, consent: what every other plugin builds on. */
export const crmCore: PluginFactory<CrmCorePlugin, Record<never, never>> = plugin;
