import { definePlugin, type PluginFactory, type PluginOf } from "../plugin/define-plugin.js";
import { provide } from "../services/define-service.js";
import { CORE_VERSION } from "../util/version.js";
import { issueKey, listKeys, MANAGE_API_KEYS, revokeKey, rotateKey } from "./actions/api-keys.js";
import { APPLY_TAGS, applyTags, recordsTagged } from "./actions/apply-tags.js";
import { cancelCheck, startCheck } from "./actions/check-quality.js";
import { convertMoney } from "./actions/convert-money.js";
import { mergePair, pairGroup } from "./actions/duplicate-pairs.js";
import { findDuplicatesOf } from "./actions/find-duplicates.js";
import { INVITE_USERS, invite } from "./actions/invite.js";
import { mergeActionsOf, recordMerged, recordUnmerged } from "./actions/merge.js";
import { cancelScan, startScan } from "./actions/scan-duplicates.js";
import { crmCardFormats } from "./card-formats.js";
import { account } from "./entities/account.js";
import { accountAncestor } from "./entities/account-ancestor.js";
import { accountContact } from "./entities/account-contact.js";
import { activity } from "./entities/activity.js";
import { apiKey } from "./entities/api-key.js";
import { attachment } from "./entities/attachment.js";
import { calendar } from "./entities/calendar.js";
import { consent } from "./entities/consent.js";
import { accountWithContacts, contact } from "./entities/contact.js";
import { credential, userSession, userToken } from "./entities/credential.js";
import { currencyRate, currencySetting } from "./entities/currency-rate.js";
import { duplicateScan } from "./entities/duplicate-scan.js";
import { importJob, importRejection } from "./entities/import-job.js";
import { duplicatePair, matchRule } from "./entities/match-rule.js";
import { note } from "./entities/note.js";
import { qualityCheck, qualityFinding, qualityRule } from "./entities/quality.js";
import { contactPoint, mergedRecord, mergeStep, recordMerge } from "./entities/record-merge.js";
import { recordShare } from "./entities/record-share.js";
import { role, roleAssignment } from "./entities/role.js";
import { sequence } from "./entities/sequence.js";
import { subordinate } from "./entities/subordinate.js";
import { tag, tagging } from "./entities/tag.js";
import { team, teamMember } from "./entities/team.js";
import { touchpoint } from "./entities/touchpoint.js";
import { user } from "./entities/user.js";
import { userIdentity } from "./entities/user-identity.js";
import { checkRates } from "./hooks/check-rates.js";
import { checkContactPoints, contactPointHooks } from "./hooks/contact-points.js";
import { guardScans } from "./hooks/guard-scans.js";
import { guardShares } from "./hooks/guard-shares.js";
import { keepFiles } from "./hooks/keep-files.js";
import { keepHierarchy } from "./hooks/keep-hierarchy.js";
import { matchRuleHooks } from "./hooks/match-rules.js";
import { qualityHooks } from "./hooks/quality.js";
import { MANAGE_ROLES, roleHooks } from "./hooks/roles.js";
import { userHooks } from "./hooks/users.js";
import { makeKeys, scanDuplicates } from "./jobs/duplicate-jobs.js";
import { erasePerson, nightlyRetention, retention } from "./jobs/privacy-jobs.js";
import { checkAllQuality, checkQuality, nightlyQuality } from "./jobs/quality-jobs.js";
import { nightlySweep, sweepFiles } from "./jobs/sweep-files.js";
import { nightlyUpkeep, sealJournal, sweepKeys } from "./jobs/upkeep-jobs.js";
import { crmPrivacy } from "./privacy.js";
import { accountsOfContact, contactsOfAccount } from "./profile.js";
import { privacyRoutes } from "./routes/privacy-routes.js";
import { attachments, attachmentsOf } from "./services/attachments.js";
import { consents, consentsOf } from "./services/consents.js";
import { customers, customersOf } from "./services/customers.js";
import { exchange, exchangeOf } from "./services/exchange.js";
import { principal } from "./services/principal.js";
import { timeline } from "./timeline.js";

export { recordsTagged, type TagResult } from "./actions/apply-tags.js";
export { cancelCheck, startCheck } from "./actions/check-quality.js";
export { convertMoney } from "./actions/convert-money.js";
export { mergePair, pairGroup } from "./actions/duplicate-pairs.js";
export { type DuplicateAnswer, type DuplicateQuery, findDuplicatesOf } from "./actions/find-duplicates.js";
export { type MergeActions, mergeActionsOf, recordMerged, recordUnmerged } from "./actions/merge.js";
export { cancelScan, startScan } from "./actions/scan-duplicates.js";
export * from "./entities/account.js";
export * from "./entities/account-contact.js";
export * from "./entities/activity.js";
export * from "./entities/api-key.js";
export * from "./entities/attachment.js";
export * from "./entities/calendar.js";
export * from "./entities/consent.js";
export * from "./entities/contact.js";
export * from "./entities/credential.js";
export * from "./entities/currency-rate.js";
export {
  type DuplicateScan,
  type DuplicateScanInput,
  duplicateScan,
} from "./entities/duplicate-scan.js";
export * from "./entities/import-job.js";
export {
  type DuplicatePair,
  type DuplicatePairInput,
  duplicatePair,
  matchRule,
} from "./entities/match-rule.js";
export * from "./entities/note.js";
export {
  type QualityCheck,
  type QualityCheckInput,
  type QualityFinding,
  type QualityFindingInput,
  type QualityRuleInput,
  type QualityRuleRecord,
  qualityCheck,
  qualityFinding,
  qualityRule,
} from "./entities/quality.js";
export {
  type ContactPoint,
  type ContactPointInput,
  contactPoint,
  type RecordMerge,
  recordMerge,
} from "./entities/record-merge.js";
export * from "./entities/record-share.js";
export * from "./entities/role.js";
export * from "./entities/sequence.js";
export * from "./entities/subordinate.js";
export * from "./entities/tag.js";
export * from "./entities/team.js";
export * from "./entities/touchpoint.js";
export * from "./entities/user.js";
export * from "./entities/user-identity.js";
export {
  AlreadyInvited,
  HashingBusy,
  InvalidQualityRule,
  InvalidToken,
  NoLogin,
  NoMessages,
  PasswordRefused,
  RateMissing,
  RightsExceeded,
  SignInFailed,
  WeakSecret,
} from "./errors.js";
export { AccountCycle, ManagerCycle } from "./hooks/keep-hierarchy.js";
export { type TreeOptions, treeHooks } from "./hooks/tree-hooks.js";
export { erasePerson, type PersonJob, type RetentionJob, retention } from "./jobs/privacy-jobs.js";
export { sealJournal, sweepKeys } from "./jobs/upkeep-jobs.js";
export { type QualityRule, qualityRules } from "./quality/rules.js";
export {
  type AccountMessage,
  type AccountMessages,
  accountMessages,
} from "./services/account-messages.js";
export {
  type ApiKeyOptions,
  findApiKey,
  type IssuedApiKey,
  issueApiKey,
  revokeApiKey,
  rotateApiKey,
} from "./services/api-keys.js";
export { type ApprovalState, type Approvals, approvals } from "./services/approvals.js";
export {
  type AssignmentAnswer,
  type AssignmentOrder,
  type Assignments,
  assignments,
} from "./services/assignments.js";
export {
  type AttachedTo,
  type Attachments,
  attachments,
  type OpenedFile,
} from "./services/attachments.js";
export { type AuditArchive, auditArchive } from "./services/audit-archive.js";
export { type Calendars, calendarDefinition, createCalendars } from "./services/calendars.js";
export {
  type Consents,
  consentAddress,
  consents,
  type SendDecision,
  type SendQuestion,
} from "./services/consents.js";
export { type Customers, customers } from "./services/customers.js";
export { type Exchange, exchange, type RatesQuestion } from "./services/exchange.js";
export { type Intake, intakeOf } from "./services/intake.js";
export {
  type MailParty,
  type MailPort,
  type MailReceipt,
  mailPort,
  type OutgoingMail,
} from "./services/mail.js";
export { nextNumber, nextNumbers } from "./services/numbers.js";
export { type Opportunities, type OpportunityRequest, opportunities } from "./services/opportunities.js";
export { checkSignIn, type PasswordRules, setPassword } from "./services/passwords.js";
export { rolesOf } from "./services/roles-of.js";
export { endSessions, identityOfUser } from "./services/sessions.js";
export { type Territories, territories } from "./services/territories.js";
export {
  type SeriesForecast,
  type SeriesHoldout,
  type SeriesQuestion,
  type TimeSeries,
  timeSeries,
} from "./services/time-series.js";
export type { FileInput, UploadedFile } from "./services/upload-file.js";
export { inviteUser, redeemToken, requestReset } from "./services/user-tokens.js";
export { activityTimeline } from "./timeline.js";

const {
  planMerge: planAccountMerge,
  merge: mergeAccounts,
  unmerge: unmergeAccounts,
} = mergeActionsOf(account);
const {
  planMerge: planContactMerge,
  merge: mergeContacts,
  unmerge: unmergeContacts,
} = mergeActionsOf(contact);

const plugin = definePlugin({
  name: "crm",
  version: CORE_VERSION,
  corm: "^0.1",
  setup: () => ({
    entities: {
      account,
      accountAncestor,
      accountContact,
      activity,
      apiKey,
      attachment,
      calendar,
      consent,
      contact,
      contactPoint,
      duplicatePair,
      duplicateScan,
      importJob,
      importRejection,
      note,
      matchRule,
      mergedRecord,
      mergeStep,
      qualityCheck,
      qualityFinding,
      qualityRule,
      recordMerge,
      recordShare,
      credential,
      currencyRate,
      currencySetting,
      role,
      roleAssignment,
      sequence,
      subordinate,
      tag,
      tagging,
      team,
      teamMember,
      touchpoint,
      user,
      userIdentity,
      userSession,
      userToken,
    },
    actions: {
      applyTags,
      cancelCheck,
      cancelScan,
      convertMoney,
      planAccountMerge,
      mergeAccounts,
      unmergeAccounts,
      planContactMerge,
      mergeContacts,
      unmergeContacts,
      findAccountDuplicates: findDuplicatesOf(account),
      findContactDuplicates: findDuplicatesOf(contact),
      invite,
      mergePair,
      pairGroup,
      issueKey,
      listKeys,
      revokeKey,
      rotateKey,
      startCheck,
      startScan,
    },
    extends: { account: accountWithContacts },
    capabilities: {
      "crm.currencies": "Reads exchange rates, and the currency in which the tenant reports",
      "crm.duplicates": "Notes duplicates, and keeps what they are found by",
      "crm.directory":
        "Keeps the hierarchies of managers and accounts, and the e-mail addresses of users, in step",
      "crm.files": "Removes files that no attachment has",
      "crm.merge": "Lets what names merged records name the survivor, and keeps what it takes to undo it",
      "crm.quality": "Looks at records by the rules of quality, and notes what they flag",
      "crm.numbers": "Draws the next number of a sequence",
    },
    contributes: [crmCardFormats],
    events: [recordsTagged, recordMerged, recordUnmerged],
    hooks: [
      ...checkRates,
      ...keepFiles,
      ...keepHierarchy,
      ...guardScans,
      ...guardShares,
      ...checkContactPoints,
      ...contactPointHooks,
      ...matchRuleHooks,
      ...qualityHooks,
      ...roleHooks,
      ...userHooks,
    ],
    services: [
      provide(attachments, attachmentsOf),
      provide(consents, consentsOf),
      provide(customers, customersOf),
      provide(exchange, exchangeOf),
    ],
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
    jobs: [
      checkAllQuality,
      checkQuality,
      erasePerson,
      makeKeys,
      retention,
      scanDuplicates,
      sealJournal,
      sweepFiles,
      sweepKeys,
    ],
    schedules: [nightlyQuality, nightlyRetention, nightlySweep, ...nightlyUpkeep],
    principal,
    timeline,
    profile: [accountsOfContact, contactsOfAccount],
    routes: privacyRoutes,
    privacy: crmPrivacy,
    permissions: {
      "privacy.export": "Read everything that is kept of a person, as one file",
      "privacy.erase": "Erase everything that is kept of a person",
      "currencyRate.convert": "Convert amounts by the rates that are kept",
      [MANAGE_API_KEYS]: "Issue, rotate, revoke and list API keys.",
      [INVITE_USERS]: "Invite users to choose a password.",
      [APPLY_TAGS]: "Put tags on records, and take them off.",
      [MANAGE_ROLES]: "Make roles, and give them to users.",
    },
  }),
});

export interface CrmCorePlugin extends PluginOf<typeof plugin> {}

/** Accounts, contacts, activities, people, consent: what every other plugin builds on. */
export const crmCore: PluginFactory<CrmCorePlugin, Record<never, never>> = plugin;
