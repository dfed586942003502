export { quotaAttainment } from "./actions/attainment.js";
export { issueCalendarFeed, revokeCalendarFeed } from "./actions/calendar-feed.js";
export { changeSeries } from "./actions/change-series.js";
export { configure } from "./actions/configure.js";
export { makeContract, signContract } from "./actions/contracts.js";
export { ensureDefault } from "./actions/ensure-default.js";
export { forecast } from "./actions/forecast.js";
export { invite, receiveReply, uninvite } from "./actions/invitations.js";
export { moveTo } from "./actions/move-to.js";
export { orderQuote } from "./actions/order-quote.js";
export { pipelineValue, rollUpAccount } from "./actions/pipeline-value.js";
export { linkQuote, requestApproval, reviseQuote, sendQuote } from "./actions/quotes.js";
export { resolvePrices } from "./actions/resolve-prices.js";
export { salesAnalysis } from "./actions/sales-analysis.js";
export { type SalesReport, type SalesReportInput, salesReport } from "./actions/sales-report.js";
export { setTeam } from "./actions/set-team.js";
export { activateTerritories, previewTerritories } from "./actions/territories.js";
export { trend } from "./actions/trend.js";
export type { DocumentFont } from "./documents/fonts.js";
export * from "./entities/activity.js";
export * from "./entities/activity-invitation.js";
export * from "./entities/activity-series.js";
export * from "./entities/cadence.js";
export * from "./entities/calendar-feed.js";
export * from "./entities/competitor.js";
export * from "./entities/contract.js";
export * from "./entities/extensions.js";
export * from "./entities/forecast.js";
export * from "./entities/opportunity.js";
export * from "./entities/opportunity-people.js";
export * from "./entities/order.js";
export * from "./entities/pipeline.js";
export * from "./entities/price-book.js";
export * from "./entities/product.js";
export * from "./entities/product-option.js";
export * from "./entities/quote.js";
export * from "./entities/stage.js";
export * from "./entities/stage-visit.js";
export * from "./entities/territory.js";
export * from "./errors.js";
export { activityReminder, quoteAccepted, quoteDeclined, quoteSent } from "./events.js";
export type { Forecast, ForecastLine } from "./forecast/forecast.js";
export { contractTerms } from "./jobs/contract-terms.js";
export { expireQuotes } from "./jobs/expire-quotes.js";
export { forecastSnapshots } from "./jobs/forecast-snapshots.js";
export {
  averageDeal,
  funnel,
  openPipeline,
  opportunityCount,
  winRate,
  wonCount,
  wonRevenue,
} from "./metrics.js";
export { type SalesOptions, type SalesPlugin, sales } from "./plugin.js";
export { choosePrice, type Offer } from "./products/choose-price.js";
export {
  type BundleModel,
  type OptionModel,
  type OptionRule,
  type Selection,
  type Violation,
  violationsOf,
} from "./products/configuration.js";
export { type PriceQuestion, type Pricing, pricing, type ResolvedPrice } from "./products/prices.js";
export { type Solution, solve } from "./products/solve.js";
export { type Answer, decideQuote } from "./quotes/decide.js";
export {
  type DocumentTotals,
  documentTotals,
  type LineTotals,
  type PricedDocument,
  type PricedLine,
} from "./quotes/totals.js";
export { type PipelineTemplate, type StageTemplate, standardPipeline } from "./services/default-pipeline.js";
export { type Pipelines, pipelines } from "./services/pipelines.js";
export { type Choice, chooseTerritory, type Place } from "./territories/choose.js";
export { descendantOf } from "./territories/descendant-of.js";
