export { funnel } from "./actions/funnel.js";
export { query } from "./actions/query.js";
export { renderSaved } from "./actions/render-saved.js";
export type { Chart } from "./charts/chart.js";
export { type RenderOptions, renderSvg } from "./charts/render-svg.js";
export type { Span } from "./dashboard/load-panel.js";
export { defaultPanels, type Panel } from "./dashboard/panels.js";
export { type DashboardOptions, renderDashboard } from "./dashboard/render-dashboard.js";
export { type Dashboard, type DashboardInput, dashboard } from "./entities/dashboard.js";
export {
  InsufficientHistory,
  InvalidDashboard,
  InvalidMetricQuery,
  InvalidSeries,
  SeveralCurrencies,
  UnknownMetric,
} from "./errors.js";
export { type AnalyticsPlugin, analytics } from "./plugin.js";
export { type FunnelAnswer, type FunnelAnswerStep, type FunnelQuery, queryFunnel } from "./query/funnel.js";
export {
  type MetricAnswer,
  type MetricQuery,
  type MetricRow,
  type MetricValue,
  queryMetrics,
} from "./query/metric-query.js";
export { type Grain, periodOf, periodsBetween } from "./query/periods.js";
export { forecastSeries } from "./series/forecast.js";
