export {
  adminRole,
  defineRestriction,
  defineRole,
  everything,
  grant,
  type Restriction,
  type RoleOptions,
} from "./access/define-role.js";
export type { AccessDirectory } from "./access/directory.js";
export { UnknownRole } from "./access/registry.js";
export { type Action, type ActionCall, defineAction } from "./actions/define-action.js";
export type { Cache } from "./cache/cache.js";
export { type MemoryCacheOptions, memoryCache } from "./cache/memory-cache.js";
export type { Catalog, CatalogAction, CatalogEntity, CatalogField } from "./context/catalog.js";
export type { Actor, Context, DuplicateWarning, Identity, ServiceToken } from "./context/context.js";
export type { EventHandle, EventSubject } from "./context/event.js";
export type { ExtensionPoint } from "./context/extension-point.js";
export type {
  EnqueuedJob,
  EnqueueOptions,
  JobHandle,
  JobQuery,
  JobRecord,
  JobState,
  Jobs,
} from "./context/jobs.js";
export type {
  Change,
  ChangesPage,
  ChangesQuery,
  HistoryPage,
  HistoryQuery,
  JournalActor,
  JournalEntry,
  JournalOperation,
} from "./context/journal.js";
export type { FieldProvenance, Origin, RecordProvenance } from "./context/provenance.js";
export type {
  AggregateQuery,
  AggregateRow,
  Condition,
  GroupBy,
  Including,
  Measure,
  Operators,
  Page,
  Query,
  RelativeRange,
  Selected,
  Sort,
  Where,
} from "./context/query.js";
export type { Repository, RowChange, WriteOptions } from "./context/repository.js";
export type {
  AccessExplanation,
  AccessPath,
  EntityGrant,
  FieldRight,
  Reach,
  RecordRight,
  Role,
} from "./context/role.js";
export type { Simulation } from "./context/simulation.js";
export type { TimelineEntry, TimelineOptions, TimelinePage } from "./context/timeline.js";
export type { Tokens } from "./context/tokens.js";
export * from "./crm/index.js";
export {
  applyRetention,
  type RetentionOptions,
  type RetentionRule,
} from "./data-protection/apply-retention.js";
export {
  deleteTenant,
  type TenantDeletion,
  type TenantDeletionOptions,
} from "./data-protection/delete-tenant.js";
export {
  type ErasureOptions,
  eraseSubject,
  listErasures,
  reapplyErasures,
  resumeErasures,
} from "./data-protection/erase-subject.js";
export type { ErasedCount, ErasureCertificate } from "./data-protection/erasure-job.js";
export { exportSubject } from "./data-protection/export-subject.js";
export {
  type RotationOptions,
  type RotationProgress,
  type RotationReport,
  rotateKeys,
} from "./data-protection/rotate-keys.js";
export type { Person, PersonAddress, PersonRef } from "./data-protection/subject.js";
export { DuplicateFound, type FoundMatch, InvalidMatchRule } from "./duplicates/errors.js";
export { findDuplicates, type ListedMatch, matchMany } from "./duplicates/look-up.js";
export { matchRules } from "./duplicates/rules.js";
export type { KeyProvider, WrappedKey } from "./encryption/key-provider.js";
export { keysFromEnv, keysFromFile, type LocalKeys, localKeys } from "./encryption/local-keys.js";
export {
  defineEntity,
  type EntityDraft,
  type EntityOptions,
  type Input,
  type Related,
  type Row,
} from "./entity/define-entity.js";
export type { AnyEntity, Entity, EntityDefinition, InputOf, RelatedOf, RowOf } from "./entity/entity.js";
export { type AnyExtension, type Extension, extendEntity } from "./entity/extend-entity.js";
export { type Many, many, type One, one, type RelationRows } from "./entity/relation.js";
export * from "./errors/index.js";
export { defineEvent, type EventDefinition } from "./events/define-event.js";
export { FileMissing, FileStoreFailed, FileTooLarge, InvalidFileTicket } from "./files/errors.js";
export type { FileStore, FileWork, StoredFile } from "./files/file-store.js";
export { localFiles } from "./files/local-files.js";
export { memoryFiles } from "./files/memory-files.js";
export {
  type AfterChanges,
  after,
  afterAction,
  type BatchHandler,
  type BeforeChanges,
  before,
  beforeAction,
  committed,
  committedAction,
  each,
  type HookDefinition,
  type HookOptions,
} from "./hooks/define-hook.js";
export {
  type ImportOptions,
  type ImportProgress,
  type ImportRow,
  importRecords,
  type Rejection,
} from "./import/import-records.js";
export { type CronTimes, cronTimes } from "./jobs/cron.js";
export {
  type AnyJob,
  type Backoff,
  defineJob,
  type JobDefinition,
  type JobOptions,
  type JobRun,
  type Together,
  type TogetherJob,
} from "./jobs/define-job.js";
export { defineSchedule, type ScheduleDefinition, type ScheduleOptions } from "./jobs/define-schedule.js";
export {
  InvalidCron,
  InvalidJob,
  JobLost,
  JobMissing,
  JobRefused,
  JobStateConflict,
  JobTimedOut,
  PermanentFailure,
  RetryLater,
} from "./jobs/errors.js";
export type {
  BrokerHost,
  ClaimedJob,
  ClaimRequest,
  JobBroker,
  JobEngine,
  JobEngineFactory,
  JobHost,
  JobKey,
  JobSubject,
  NewJob,
  ReadyJob,
} from "./jobs/job-engine.js";
export { roomOf } from "./jobs/job-engine.js";
export { createDelivery, type Deliver, type DeliveryOptions, partitionOf } from "./journal/delivery.js";
export { type AuditHead, auditHead } from "./journal/head.js";
export * from "./journal/pass-cursor.js";
export {
  createSubscriber,
  eventsOf,
  type Subscriber,
  type SubscriberOptions,
} from "./journal/subscriber.js";
export { type AuditOptions, type AuditReport, verifyAudit } from "./journal/verify.js";
export { type CrmOptions, createCrm, InvalidCrmOptions } from "./kernel/create-crm.js";
export type {
  AppEntity,
  AppInput,
  AppRow,
  AppSession,
  AppTypes,
  Crm,
  Entities,
  ExplainedStep,
  PluginList,
} from "./kernel/crm.js";
export type { Description, EntityDescription, FieldDescription } from "./kernel/describe.js";
export type { EncryptionOptions } from "./kernel/open-vault.js";
export { blockKeys, blocksOf } from "./matching/blocking.js";
export type { Likeness } from "./matching/comparators.js";
export { type EstimateOptions, estimateModel, type SimilarityLevels } from "./matching/estimate.js";
export { type Compared, compared as comparedRecord, type Kinds, scoreOf } from "./matching/evaluate.js";
export { groupsOf, proposedPairs } from "./matching/pairs.js";
export type {
  Block,
  BlockPart,
  Comparison,
  LevelledComparison,
  MatchExpression,
  MatchPolicy,
  MatchRule,
  ProbabilityModel,
} from "./matching/rule.js";
export { InvalidMerge, MergeNotUndoable } from "./merge/errors.js";
export type { MergeCommand, MergeResult } from "./merge/merge.js";
export type { FieldChoice, MergePlan, MergeRequest, PlannedField } from "./merge/plan.js";
export { tookInOthers } from "./merge/took-in.js";
export type { UnmergeResult } from "./merge/unmerge.js";
export {
  defineFunnel,
  defineMetric,
  defineRatio,
  type FunnelStep,
  type FunnelSteps,
  type MetricDefinition,
  type MetricUnit,
} from "./metrics/define-metric.js";
export type { MigrationPlan } from "./migrations/plan-migration.js";
export {
  type CardFormat,
  cardFormats,
  type IcsColumn,
  type VcardColumn,
} from "./plugin/card-formats.js";
export type { CrmHandle } from "./plugin/crm-handle.js";
export {
  definePlugin,
  type OptionsOf,
  type PluginFactory,
  type PluginOf,
  type PluginOptions,
} from "./plugin/define-plugin.js";
export { type Contribution, contribute, defineExtensionPoint } from "./plugin/extension-points.js";
export type { AnyPlugin, Plugin, PluginParts, PluginTypes } from "./plugin/plugin.js";
export { CompositionFailed, InvalidOptions } from "./plugin/plugin-errors.js";
export {
  type AddressKind,
  definePersonalData,
  type Erasure,
  type PersonalData,
  type PersonalDataOptions,
  type Replacement,
  type Subject,
} from "./privacy/define-personal-data.js";
export { type DatabaseJobsOptions, databaseJobs } from "./queue/database-engine.js";
export type { JobOutcome } from "./queue/run-job.js";
export type { JobEnd, Worker, WorkerOptions } from "./queue/worker.js";
export { visibleEntries } from "./repository/changes.js";
export { type KeptOf, openKept, sealKept } from "./repository/kept-values.js";
export type { Profile, ProfileList } from "./repository/profile.js";
export { ActionBroken } from "./repository/run-action.js";
export { assertCan } from "./repository/write/reach.js";
export {
  defineRoute,
  type HttpMethod,
  type RouteAccess,
  type RouteDefinition,
  type RouteRequest,
} from "./routes/define-route.js";
export { type CachedOptions, cached, forget } from "./runtime/cached.js";
export { fromOutside, InvalidOrigin } from "./runtime/origin.js";
export { type Checker, checker, type SchemaError } from "./schema/checker.js";
export {
  type Defaulted,
  date,
  derived,
  type Encryption,
  encrypted,
  type FieldKind,
  type FieldStandard,
  filledByHook,
  instant,
  json,
  longText,
  money,
  normalized,
  type OnDelete,
  oneOf,
  ownInMerge,
  personal,
  recordId,
  reference,
  type Sensitivity,
  secret,
  sensitive,
  type TReference,
  type TStated,
  withDefault,
} from "./schema/field.js";
export type { FieldsInput, FieldsRow, SystemFields } from "./schema/static.js";
export { type Static, type TObject, type TSchema, Type } from "./schema/typebox.js";
export { defineService, provide, type ServiceProvider } from "./services/define-service.js";
export { addressKey } from "./standards/address.js";
export { companyKey } from "./standards/company.js";
export { countryCode } from "./standards/country.js";
export { emailKey, isEmail, normalEmail } from "./standards/email.js";
export { normalForm, type Standard, type StandardScope } from "./standards/normal-form.js";
export { type PersonName, parsePersonName } from "./standards/person-name.js";
export { normalPhone, type PhoneNumber, parsePhone, phoneKey } from "./standards/phone.js";
export { cleanText } from "./standards/text.js";
export { normalDomain, normalUrl } from "./standards/url.js";
export type { ReadAfter, ReadReplicas, ReplicaReads, StorageAdapter } from "./storage/adapter.js";
export {
  defineSubscriber,
  type SubscribedEntry,
  type SubscriberDeclaration,
  type SubscriberDefinition,
} from "./subscribers/define-subscriber.js";
export { htmlProblems } from "./templates/check-html.js";
export { type OutputForm, type TemplateEngine, templateEngine } from "./templates/engine.js";
export {
  decodeEntities,
  escapeHtml,
  type HtmlAttribute,
  type HtmlToken,
  htmlTokens,
  withoutComments,
} from "./templates/html-tokens.js";
export { defineProfileDimension, type ProfileDimension } from "./timeline/define-profile-dimension.js";
export {
  defineTimelineSource,
  type TimelineSource,
  type TimelineSourceOptions,
} from "./timeline/define-timeline-source.js";
export { type DictionaryField, dataDictionary, dictionaryCsv } from "./transfer/data-dictionary.js";
export {
  ImportNotResumable,
  ImportNotRevertible,
  ImportTakenOver,
  InvalidImport,
  RowTooLarge,
  WorkbookTooLarge,
  XlsxNotInstalled,
  XlsxUnreadable,
} from "./transfer/errors.js";
export {
  type ExportFormat,
  type ExportOptions,
  type ExportQuery,
  exportRecords,
} from "./transfer/export-records.js";
export { importErrors } from "./transfer/import-errors.js";
export { importStatus, listImports } from "./transfer/import-jobs.js";
export type {
  DuplicatePolicy,
  ImportMode,
  ImportOptions as ImportFileOptions,
  ImportStatus,
} from "./transfer/import-options.js";
export { type ImportPreview, previewImport } from "./transfer/preview-import.js";
export type { ImportPace } from "./transfer/progress.js";
export { type CsvOptions, type CsvRecord, readCsv } from "./transfer/read-csv.js";
export { readXlsx } from "./transfer/read-xlsx.js";
export { revertImport } from "./transfer/revert-import.js";
export { importFile, resumeImport } from "./transfer/run-import.js";
export { type MappingSuggestion, suggestMapping } from "./transfer/suggest-mapping.js";
export type { ImportTransform, NamedTransform } from "./transfer/transforms.js";
export type { Abortable } from "./util/abortable.js";
export * from "./util/business-calendar.js";
export {
  type Clock,
  type Elapsed,
  elapsedMs,
  type FixedClock,
  fixedClock,
  systemClock,
  toInstant,
} from "./util/clock.js";
export { currencyDecimals, isCurrency } from "./util/currency.js";
export { type Decimal, divideRounded, parseDecimal, type Rounding } from "./util/decimal.js";
export * from "./util/exchange.js";
export { type Loop, loopOf } from "./util/loop.js";
export {
  addMoney,
  allocate,
  compareMoney,
  formatMoney,
  fromMinor,
  type Money,
  multiplyMoney,
  parseMoney,
  percentOf,
  subtractMoney,
  sumMoney,
  toMinor,
} from "./util/money.js";
export { isTimeZone, type TimeZone, timeZone } from "./util/time-zone.js";
export { parseDate, parseInstant, parseInstantMs } from "./util/values.js";
export { CORE_VERSION } from "./util/version.js";
