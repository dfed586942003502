import {
  CapabilityWithheld,
  createCalendars,
  definePlugin,
  findDuplicatesOf,
  intakeOf,
  type MailParty,
  mergeActionsOf,
  type PluginFactory,
  type PluginOf,
  provide,
  Type,
  withDefault,
} from "@corm/core";
import { activateModel } from "./actions/activate-model.js";
import { browse } from "./actions/browse-pool.js";
import { capture, captureMany } from "./actions/capture.js";
import { confirm } from "./actions/confirm.js";
import { convert } from "./actions/convert.js";
import { allot, claim, putLeads, releaseLeads } from "./actions/pool.js";
import { receiveMail } from "./actions/receive-mail.js";
import { release } from "./actions/release.js";
import { explainScore, score } from "./actions/score.js";
import { submit } from "./actions/submit.js";
import { trainPredictiveModel } from "./actions/train-model.js";
import { unconvert } from "./actions/unconvert.js";
import { leadCards } from "./card-formats.js";
import type { DeclaredMaps } from "./conversion/mapping.js";
import { conversionSettings, createConversionSettings } from "./conversion/settings.js";
import { captureForm } from "./entities/capture-form.js";
import { captureSubmission } from "./entities/capture-submission.js";
import { capturedMail } from "./entities/captured-mail.js";
import { activityOfLead, leadWithHistory, touchpointOfLead } from "./entities/extensions.js";
import { lead } from "./entities/lead.js";
import { leadConversion, leadConversionMove } from "./entities/lead-conversion.js";
import { leadHolding } from "./entities/lead-holding.js";
import { leadPool } from "./entities/lead-pool.js";
import { leadResponse } from "./entities/lead-response.js";
import { leadScore, scoreChange } from "./entities/lead-score.js";
import { leadSource } from "./entities/lead-source.js";
import { predictiveModel, predictiveModelBody } from "./entities/predictive-model.js";
import { responsePolicy } from "./entities/response-policy.js";
import { scoringModel } from "./entities/scoring-model.js";
import { events } from "./events.js";
import { checkCaptureForm } from "./hooks/check-capture-form.js";
import { checkScoringModel } from "./hooks/check-scoring-model.js";
import { identifyLead } from "./hooks/identify-lead.js";
import { keepHoldings } from "./hooks/keep-holdings.js";
import { protectConversion } from "./hooks/protect-conversion.js";
import { scoreChangedLeads } from "./hooks/score-leads.js";
import { watchNewLeads } from "./hooks/watch-responses.js";
import { lapseJob, sendConfirmationJob } from "./jobs/confirmations.js";
import { poolRoundJob, replanJob } from "./jobs/pools.js";
import { nightlyScores, recomputeJob, rescoreJob } from "./jobs/rescore.js";
import { responseDueJob } from "./jobs/response-due.js";
import { responseReplanJob } from "./jobs/response-replan.js";
import { responseWarnJob } from "./jobs/response-warn.js";
import { retrainJob, trainModelJob, weeklyTraining } from "./jobs/train-model.js";
import { metrics } from "./metrics.js";
import { permissions } from "./permissions.js";
import { restrictions } from "./pool/restrictions.js";
import { privacy } from "./privacy.js";
import { publicForms } from "./routes/public-forms.js";
import { intakeOfLeads } from "./services/import-leads.js";
import { capturableFields } from "./services/lead-fields.js";
import { type CaptureSettings, captureSettings } from "./services/settings.js";
import { timeline } from "./timeline.js";

/** What leads do, in the entities that are always there. */
const BEHAVIOUR = ["touchpoint", "activity", "captureSubmission"];
const positive = Type.Integer({ minimum: 1, maximum: 1_000_000 });

const fieldMap = Type.Optional(
  Type.Record(Type.String({ maxLength: 48 }), Type.Union([Type.String({ maxLength: 48 }), Type.Null()])),
);

const { planMerge: planLeadMerge, merge: mergeLeads, unmerge: unmergeLeads } = mergeActionsOf(lead);

const plugin = definePlugin({
  name: "leads",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  // Gives leads to people by rules, where it is there (core's port `assignments`).
  optional: { workflow: "^0.1" },
  options: Type.Object({
    /** A form that comes back sooner was filled in by a program. */
    minFillSeconds: withDefault(Type.Number({ minimum: 0, maximum: 3600 }), 2),
    maxFormAgeHours: withDefault(Type.Number({ exclusiveMinimum: 0, maximum: 8760 }), 24),
    /** Links in free text that a submission may have. */
    maxLinks: withDefault(Type.Integer({ minimum: 0, maximum: 1000 }), 2),
    /** Characters of all answers together; more is held back. */
    maxTextLength: withDefault(positive, 20_000),
    /** Bytes of a posted body; more is refused with 413. */
    maxBodyBytes: withDefault(positive, 262_144),
    perAddressPerMinute: withDefault(positive, 6),
    perFormPerMinute: withDefault(positive, 120),
    /** Lead fields of other plugins that forms may fill. */
    captureFields: withDefault(Type.Array(Type.String({ maxLength: 48 }), { maxItems: 100 }), []),
    /** Whether somebody who is a contact already becomes a lead when he comes again; otherwise he gets a touchpoint. */
    leadsFromContacts: withDefault(Type.Boolean(), false),
    /** For forms with double opt-in: from whom the question comes, and where this app is to be reached. */
    confirmation: Type.Optional(
      Type.Object({
        from: Type.Object({
          name: Type.String({ maxLength: 200 }),
          address: Type.String({ maxLength: 254 }),
        }),
        publicUrl: Type.String({ pattern: "^https?://[^\\s]+$", maxLength: 500 }),
      }),
    ),
    /** Where fields of a lead go when it is converted, beyond those of equal name and kind; null for nowhere. */
    convertFields: withDefault(
      Type.Object(
        { account: fieldMap, contact: fieldMap, opportunity: fieldMap },
        { additionalProperties: false },
      ),
      {},
    ),
    /** Days in which a conversion can be undone. */
    unconvertDays: withDefault(Type.Integer({ minimum: 0, maximum: 3_650 }), 30),
    /** Entities with a `leadId` whose records scoring rules count, besides touchpoints, activities and submissions. */
    behaviour: withDefault(
      Type.Array(Type.String({ pattern: "^[a-z][a-zA-Z0-9]{0,47}$" }), { maxItems: 50 }),
      [],
    ),
  }),
  setup: (options) => {
    const settings: CaptureSettings = {
      ...options,
      capturable: capturableFields(options.captureFields),
      confirmation: options.confirmation,
    };
    const conversion = createConversionSettings(options.convertFields as DeclaredMaps, options.unconvertDays);
    const calendars = createCalendars();
    const behaviour = [...new Set([...BEHAVIOUR, ...options.behaviour])];
    return {
      entities: {
        lead,
        leadSource,
        captureForm,
        captureSubmission,
        capturedMail,
        leadConversion,
        leadConversionMove,
        leadHolding,
        leadPool,
        leadResponse,
        leadScore,
        predictiveModel,
        predictiveModelBody,
        responsePolicy,
        scoreChange,
        scoringModel,
      },
      extends: { activity: activityOfLead, touchpoint: touchpointOfLead, lead: leadWithHistory },
      actions: {
        activateModel,
        allot,
        browse,
        claim,
        putLeads,
        releaseLeads,
        capture,
        captureMany,
        confirm,
        convert,
        explainScore,
        receiveMail,
        findLeadDuplicates: findDuplicatesOf(lead),
        mergeLeads,
        planLeadMerge,
        unmergeLeads,
        release,
        score,
        submit,
        trainPredictiveModel,
        unconvert,
      },
      capabilities: {
        "leads.capture": "Takes in leads from forms and other channels, and releases them from quarantine",
        "leads.score": "Judges leads by the rules of the tenant, and keeps what they give",
        "leads.pool": "Moves leads into pools and out of them",
        "leads.response": "Watches how soon leads are answered",
        "leads.predict": "Learns from what became of leads",
        "leads.convert": "Makes account, contact and opportunity of a lead",
      },
      hooks: [
        ...identifyLead,
        ...protectConversion,
        ...checkCaptureForm(settings.capturable),
        ...keepHoldings,
        ...checkScoringModel(behaviour),
        ...scoreChangedLeads(behaviour),
        ...watchNewLeads(calendars),
      ],
      events,
      jobs: [
        lapseJob,
        sendConfirmationJob,
        poolRoundJob,
        replanJob,
        responseDueJob,
        responseReplanJob(calendars),
        responseWarnJob,
        recomputeJob,
        rescoreJob,
        retrainJob,
        trainModelJob,
      ],
      schedules: [nightlyScores, weeklyTraining],
      services: [
        provide(captureSettings, () => settings),
        provide(conversionSettings, () => conversion),
        provide(intakeOf(lead), intakeOfLeads),
      ],
      // A mapping that could lose a value stops the start.
      start: async (crm) => {
        const tenant = crm.defaultTenant ?? "start";
        try {
          conversion.mapping(
            crm.system({ capability: "leads.convert", reason: "checks what leads become", tenant }),
          );
        } catch (error) {
          // An app that withholds the capability converts nothing.
          if (!CapabilityWithheld.is(error)) throw error;
        }
      },
      routes: publicForms(options),
      privacy,
      metrics,
      contributes: [leadCards],
      timeline,
      permissions,
      restrictions,
    };
  },
});

export interface LeadsPlugin extends PluginOf<typeof plugin> {}

export interface LeadsOptions {
  readonly minFillSeconds?: number;
  readonly maxFormAgeHours?: number;
  readonly maxLinks?: number;
  readonly maxTextLength?: number;
  readonly maxBodyBytes?: number;
  readonly perAddressPerMinute?: number;
  readonly perFormPerMinute?: number;
  readonly captureFields?: string[];
  readonly behaviour?: string[];
  readonly leadsFromContacts?: boolean;
  readonly confirmation?: { readonly from: MailParty; readonly publicUrl: string };
  readonly convertFields?: DeclaredMaps;
  readonly unconvertDays?: number;
}

/**
 * Leads: captured from public forms and other channels, converted into account, contact and opportunity.
 *
 * @example
 * createCrm({ storage, plugins: [crmCore(), leads({ minFillSeconds: 3 })] })
 */
export const leads: PluginFactory<LeadsPlugin, LeadsOptions> = plugin;
