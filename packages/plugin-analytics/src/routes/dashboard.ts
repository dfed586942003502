import { defineRoute } from "@corm/core";
import { pagePolicy } from "../dashboard/page-style.js";
import { renderDashboard } from "../dashboard/render-dashboard.js";
import { InvalidMetricQuery } from "../errors.js";

const KNOWN = new Set(["from", "to"]);

/** The dashboard of the caller's tenant as a page: `GET /api/dashboard?from=2017-01-01&to=2017-12-31`. */
export const dashboardRoute = defineRoute({
  method: "GET",
  path: "/api/dashboard",
  permission: "analytics.dashboard",
  summary: "Dashboard of the app's metrics as an HTML page",
  produces: "text/html",
  handle: async ({ query }, { ctx }) => {
    for (const name of query.keys()) {
      if (!KNOWN.has(name))
        throw InvalidMetricQuery({ reason: `The dashboard takes from and to, not "${name.slice(0, 50)}".` });
    }
    const from = query.get("from");
    const to = query.get("to");
    const html = await renderDashboard(ctx, { ...(from ? { from } : {}), ...(to ? { to } : {}) });
    return new Response(html, {
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": pagePolicy,
      },
    });
  },
});
