import {
  createCalendars,
  definePlugin,
  findDuplicatesOf,
  InvalidOptions,
  isTimeZone,
  type Money,
  mergeActionsOf,
  money,
  oneOf,
  opportunities,
  type PluginFactory,
  type PluginOf,
  provide,
  Type,
  territories,
  withDefault,
} from "@corm/core";
import { quotaAttainment } from "./actions/attainment.js";
import { issueCalendarFeed, revokeCalendarFeed } from "./actions/calendar-feed.js";
import { changeSeries } from "./actions/change-series.js";
import { configure } from "./actions/configure.js";
import { makeContract, signContract } from "./actions/contracts.js";
import { ensureDefault } from "./actions/ensure-default.js";
import { forecast } from "./actions/forecast.js";
import { invite, receiveReply, uninvite } from "./actions/invitations.js";
import { moveTo } from "./actions/move-to.js";
import { orderQuote } from "./actions/order-quote.js";
import { pipelineValue, rollUpAccount } from "./actions/pipeline-value.js";
import { linkQuote, requestApproval, reviseQuote, sendQuote } from "./actions/quotes.js";
import { resolvePrices } from "./actions/resolve-prices.js";
import { salesAnalysis } from "./actions/sales-analysis.js";
import { salesReport } from "./actions/sales-report.js";
import { setTeam } from "./actions/set-team.js";
import { activateTerritories, previewTerritories } from "./actions/territories.js";
import { trend } from "./actions/trend.js";
import type { DocumentFont } from "./documents/fonts.js";
import { keepDocument } from "./documents/keep-document.js";
import { createPrinter } from "./documents/pdf.js";
import { activityOfOpportunity } from "./entities/activity.js";
import { activityInvitation } from "./entities/activity-invitation.js";
import { activitySeries } from "./entities/activity-series.js";
import { cadence } from "./entities/cadence.js";
import { calendarFeed } from "./entities/calendar-feed.js";
import { competitor } from "./entities/competitor.js";
import { contract, documentTemplate } from "./entities/contract.js";
import { opportunityWithHistory } from "./entities/extensions.js";
import { forecastEntry, forecastSnapshot, quota } from "./entities/forecast.js";
import { accountWithOpportunities, contactWithOpportunities, opportunity } from "./entities/opportunity.js";
import { opportunityContact, opportunityMember } from "./entities/opportunity-people.js";
import { order, orderLine, orderWithLines } from "./entities/order.js";
import { pipeline } from "./entities/pipeline.js";
import { priceBook, priceBookEntry, priceBookWithEntries } from "./entities/price-book.js";
import { product } from "./entities/product.js";
import { productOption, productWithOptions } from "./entities/product-option.js";
import { quote, quoteLine, quoteWithLines } from "./entities/quote.js";
import { pipelineWithStages, stage } from "./entities/stage.js";
import { stageVisit } from "./entities/stage-visit.js";
import {
  accountTerritory,
  territory,
  territoryModel,
  territoryRule,
  territoryWithRules,
} from "./entities/territory.js";
import { activityAnswered, activityReminder, quoteAccepted, quoteDeclined, quoteSent } from "./events.js";
import { checkDocumentTemplates } from "./hooks/check-document-template.js";
import { checkExitConditions } from "./hooks/check-exit-condition.js";
import { checkPrices } from "./hooks/check-prices.js";
import { fillStages } from "./hooks/fill-stages.js";
import { guardVisits } from "./hooks/guard-visits.js";
import { keepForecasts } from "./hooks/keep-forecasts.js";
import { keepInvitations } from "./hooks/keep-invitations.js";
import { keepOrders } from "./hooks/keep-orders.js";
import { keepQuoteLines } from "./hooks/keep-quote-lines.js";
import { keepQuotes } from "./hooks/keep-quotes.js";
import { keepSeries } from "./hooks/keep-series.js";
import { keepTeam } from "./hooks/keep-team.js";
import { keepTerritories } from "./hooks/keep-territories.js";
import { placeOpportunities } from "./hooks/place-opportunities.js";
import { recordVisits } from "./hooks/record-visits.js";
import { remind } from "./hooks/remind.js";
import { startCadences } from "./hooks/start-cadences.js";
import { contractTerms, contractTermsDaily } from "./jobs/contract-terms.js";
import { expireQuotes, expireQuotesHourly } from "./jobs/expire-quotes.js";
import { forecastSnapshots, forecastSnapshotsNightly } from "./jobs/forecast-snapshots.js";
import { mailInvitation } from "./jobs/mail-invitation.js";
import { makeActivities, makeActivitiesNightly } from "./jobs/make-occurrences.js";
import { remindJob } from "./jobs/remind.js";
import { metrics } from "./metrics.js";
import { privacy } from "./privacy.js";
import { pricing, pricingOf } from "./products/prices.js";
import { calendarRoutes } from "./routes/calendars.js";
import { documentRoutes } from "./routes/documents.js";
import { publicQuotes } from "./routes/public-quotes.js";
import { type PipelineTemplate, standardPipeline, templateProblems } from "./services/default-pipeline.js";
import { opportunitiesOf } from "./services/opportunities.js";
import { pipelines, pipelinesOf } from "./services/pipelines.js";
import { type SalesSettings, salesSettings } from "./services/settings.js";
import { territoriesOf } from "./territories/users-of.js";
import { timeline } from "./timeline.js";

const key = Type.String({ pattern: "^[a-z][a-z0-9-]*$", maxLength: 50 });
const name = Type.String({ minLength: 1, maxLength: 100 });
const stageTemplate = Type.Object(
  {
    key,
    name,
    kind: oneOf(["open", "won", "lost"]),
    probability: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
    forecastCategory: Type.Optional(oneOf(["omitted", "pipeline", "bestCase", "commit", "closed"])),
  },
  { additionalProperties: false },
);

const {
  planMerge: planOpportunityMerge,
  merge: mergeOpportunities,
  unmerge: unmergeOpportunities,
} = mergeActionsOf(opportunity);

const plugin = definePlugin({
  name: "sales",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  options: Type.Object({
    pipeline: Type.Unsafe<PipelineTemplate>(
      Type.Object(
        { key, name, stages: Type.Array(stageTemplate, { minItems: 3, maxItems: 50 }) },
        { additionalProperties: false, default: standardPipeline },
      ),
    ),
    /** IANA zone of the seller: by its clock days begin and end. */
    timeZone: withDefault(Type.String({ maxLength: 64 }), "UTC"),
    /** Who offers, as documents name him. */
    seller: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
    /** Days that a quote can be accepted where it does not say itself. */
    quoteDays: withDefault(Type.Integer({ minimum: 1, maximum: 3650 }), 30),
    /** Typefaces of documents beside Roboto, which has Latin, Greek and Cyrillic. */
    fonts: withDefault(
      Type.Array(
        Type.Object(
          { normal: Type.String({ minLength: 1 }), bold: Type.Optional(Type.String({ minLength: 1 })) },
          { additionalProperties: false },
        ),
        { maxItems: 20 },
      ),
      [],
    ),
    /** From whom invitations come, and to whom guests answer. */
    mailFrom: Type.Optional(
      Type.Object(
        { address: Type.String({ format: "email" }), name: Type.Optional(Type.String({ maxLength: 200 })) },
        { additionalProperties: false },
      ),
    ),
    /** Beyond these a quote wants approval (of @corm/plugin-workflow) before it is sent. */
    approval: Type.Optional(
      Type.Object(
        {
          /** Of all discounts together, per cent of the list prices. */
          discountPercent: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
          total: Type.Optional(money()),
        },
        { additionalProperties: false },
      ),
    ),
  }),
  setup: (options) => {
    const template = options.pipeline;
    const problems = templateProblems(template);
    if (!isTimeZone(options.timeZone)) problems.push(`/timeZone: "${options.timeZone}" is not a time zone`);
    if (problems.length > 0)
      throw InvalidOptions({ plugin: "sales", problems, allowed: Object.keys(options) });
    const settings = settingsFrom(options);
    const printer = createPrinter(options.fonts);
    return {
      entities: {
        accountTerritory,
        activityInvitation,
        activitySeries,
        calendarFeed,
        cadence,
        competitor,
        contract,
        documentTemplate,
        forecastEntry,
        forecastSnapshot,
        opportunity,
        opportunityContact,
        opportunityMember,
        order,
        orderLine,
        pipeline,
        priceBook,
        priceBookEntry,
        product,
        productOption,
        quota,
        quote,
        quoteLine,
        stage,
        stageVisit,
        territory,
        territoryModel,
        territoryRule,
      },
      extends: {
        account: accountWithOpportunities,
        contact: contactWithOpportunities,
        activity: activityOfOpportunity,
        order: orderWithLines,
        pipeline: pipelineWithStages,
        priceBook: priceBookWithEntries,
        product: productWithOptions,
        quote: quoteWithLines,
        territory: territoryWithRules,
        opportunity: opportunityWithHistory,
      },
      actions: {
        changeSeries,
        invite,
        issueCalendarFeed,
        receiveReply,
        revokeCalendarFeed,
        uninvite,
        configure,
        ensureDefault,
        activateTerritories,
        salesAnalysis,
        trend,
        forecast,
        quotaAttainment,
        previewTerritories,
        makeContract,
        findOpportunityDuplicates: findDuplicatesOf(opportunity),
        mergeOpportunities,
        planOpportunityMerge,
        unmergeOpportunities,
        pipelineValue,
        rollUpAccount,
        setTeam,
        orderQuote,
        signContract,
        linkQuote,
        moveTo,
        requestApproval,
        resolvePrices,
        reviseQuote,
        salesReport,
        sendQuote,
      },
      capabilities: {
        "sales.pipelines": "Keeps the default pipeline, and every visit of a stage",
        "sales.quotes":
          "Writes quotes and what follows from them: totals, documents, answers of customers, orders, contracts",
        "sales.forecast":
          "Reads the tree of managers and their adjustments, and keeps snapshots of forecasts",
        "sales.territories": "Places accounts and opportunities in territories by the rules of the tenant",
        "sales.cadences": "Schedules what is done for customers who were won, and reminds of what is due",
        "sales.series": "Makes the activities of series ahead, and keeps them in line",
        "sales.invitations": "Keeps the guests of activities, and writes to them",
        "sales.calendars": "Reads calendars of users behind their links",
        "sales.pricing": "Reads prices, and the rules by which products are put together",
      },
      hooks: [
        ...checkPrices,
        ...fillStages,
        ...placeOpportunities,
        ...recordVisits,
        ...guardVisits,
        ...keepQuotes,
        ...keepQuoteLines,
        ...keepOrders,
        ...keepTeam,
        ...keepSeries,
        ...keepInvitations,
        ...remind,
        ...startCadences,
        ...keepTerritories,
        ...keepForecasts,
        ...checkExitConditions,
        ...checkDocumentTemplates,
      ],
      events: [activityAnswered, activityReminder, quoteAccepted, quoteDeclined, quoteSent],
      jobs: [
        contractTerms,
        expireQuotes,
        forecastSnapshots,
        keepDocument(printer),
        mailInvitation,
        makeActivities,
        remindJob,
      ],
      schedules: [contractTermsDaily, expireQuotesHourly, forecastSnapshotsNightly, makeActivitiesNightly],
      routes: [...publicQuotes(printer), ...calendarRoutes, ...documentRoutes(printer)],
      services: [
        provide(pipelines, (ctx) => pipelinesOf(ctx, template)),
        provide(opportunities, opportunitiesOf),
        provide(pricing, pricingOf),
        provide(territories, territoriesOf),
        provide(salesSettings, () => settings),
      ],
      privacy,
      metrics,
      timeline,
      permissions: {
        "activity.invite": "Invite guests to activities",
        "activity.uninvite": "Take guests of activities back",
        "activityInvitation.receiveReply": "Hand in what guests have answered",
        "calendarFeed.use": "Have a link for a calendar program",
        "activity.changeSeries": "Change series of activities from their occurrences",
        "pipeline.ensureDefault": "Make the default pipeline where there is none",
        "product.configure": "Complete a configuration of a product",
        "priceBook.resolve": "Ask what products cost",
        "opportunity.forecast": "Read the forecast",
        "quota.attainment": "Ask what was sold of a quota",
        "territoryModel.preview": "Ask who would move under another model of territories",
        "territoryModel.activate": "Make another model of territories the active one",
        "opportunity.salesAnalysis": "Read win rate, cycle, average deal and velocity",
        "opportunity.trend": "Read what will probably be won",
        "opportunity.pipelineValue": "Add up open opportunities in the reporting currency",
        "opportunity.setTeam": "Set the team of an opportunity, and its splits",
        "account.rollUp": "Add up the opportunities of a group of companies",
        "quote.order": "Order what customers have accepted",
        "quote.document": "Read quotes as documents",
        "contract.document": "Read contracts as documents",
        "contract.sign": "Note that contracts are signed",
        "opportunity.makeContract": "Make contracts of won opportunities",
        "quote.send": "Send quotes, and fix them by that",
        "quote.link": "Read the links by which customers answer quotes",
        "quote.revise": "Make new revisions of quotes",
        "quote.requestApproval": "Ask for approval of quotes",
        "opportunity.moveTo": "Move an opportunity to another stage",
        "opportunity.salesReport": "Read the sales report",
      },
      start: async (crm) => {
        const tenant = crm.defaultTenant;
        if (tenant === undefined) return;
        await crm
          .system({ tenant, capability: "sales.pipelines", reason: "default pipeline" })
          .service(pipelines)
          .ensureDefault();
      },
    };
  },
});

interface GivenSettings {
  readonly timeZone: string;
  readonly seller?: string | undefined;
  readonly quoteDays: number;
  readonly mailFrom?: SalesSettings["mailFrom"];
  readonly approval?: { readonly discountPercent?: number; readonly total?: Money } | undefined;
}

function settingsFrom({ timeZone, seller, quoteDays, mailFrom, approval }: GivenSettings): SalesSettings {
  return {
    timeZone,
    seller: seller ?? null,
    quoteDays,
    mailFrom,
    approval: { discountPercent: approval?.discountPercent ?? null, total: approval?.total ?? null },
    calendars: createCalendars(),
  };
}

export interface SalesPlugin extends PluginOf<typeof plugin> {}

export interface SalesOptions {
  /** What a tenant gets when it first needs a pipeline. Default: six stages, from Prospecting to Won and Lost. */
  readonly pipeline?: PipelineTemplate;
  /** IANA zone of the seller: by its clock days begin and end. Default `UTC`. */
  readonly timeZone?: string;
  /** Who offers, as documents name him. */
  readonly seller?: string;
  /** Days that a quote can be accepted where it does not say itself. Default 30. */
  readonly quoteDays?: number;
  /**
   * Typefaces of documents beside Roboto, which has Latin, Greek and Cyrillic: paths of TTF or OTF files, such as those of a Chinese
   * one. What no typeface has is an error, and never left out.
   */
  readonly fonts?: DocumentFont[];
  /** From whom invitations to activities come, and to whom guests answer; they go out by the app's mail port. */
  readonly mailFrom?: { readonly address: string; readonly name?: string };
  /** Beyond these a quote wants approval before it is sent: discounts in per cent of the list prices, a total. Default: never. */
  readonly approval?: { readonly discountPercent?: number; readonly total?: Money };
}

/**
 * Products and prices, quotes, pipelines with stages, opportunities, and every visit of a stage.
 *
 * @example
 * createCrm({ storage, plugins: [crmCore(), sales({ approval: { discountPercent: 20 } })] })
 */
export const sales: PluginFactory<SalesPlugin, SalesOptions> = plugin as never;
