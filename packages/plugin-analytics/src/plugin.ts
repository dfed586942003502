import { definePlugin, type PluginFactory, type PluginOf, provide, timeSeries } from "@corm/core";
import { funnel } from "./actions/funnel.js";
import { query } from "./actions/query.js";
import { renderSaved } from "./actions/render-saved.js";
import { dashboard } from "./entities/dashboard.js";
import { checkDashboards } from "./hooks/check-dashboards.js";
import { dashboardRoute } from "./routes/dashboard.js";
import { forecastSeries } from "./series/forecast.js";

const plugin = definePlugin({
  name: "analytics",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  setup: () => ({
    entities: { dashboard },
    actions: { query, funnel, renderSaved },
    hooks: checkDashboards,
    routes: [dashboardRoute],
    services: [provide(timeSeries, () => ({ forecast: async (question) => forecastSeries(question) }))],
    permissions: {
      "analytics.dashboard": "See the dashboard of the app's metrics",
      "dashboard.render": "Draw a saved dashboard",
    },
  }),
});

export interface AnalyticsPlugin extends PluginOf<typeof plugin> {}

/** Metrics of all plugins as numbers, pictures and a page. */
export const analytics: PluginFactory<AnalyticsPlugin, Record<never, never>> = plugin;
