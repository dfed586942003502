import { type Context, defineRoute, NotFound } from "@corm/core";
import { pagePolicy } from "../dashboard/page-style.js";
import { type DashboardOptions, renderDashboard } from "../dashboard/render-dashboard.js";
import { dashboard } from "../entities/dashboard.js";
import { InvalidMetricQuery } from "../errors.js";

const KNOWN = ["name", "from", "to"];

/**
 * The dashboard of the caller's tenant as a page: `GET /api/dashboard?from=2017-01-01&to=2017-12-31`. `name` is a
 * saved one; without it, what the app's metrics give by themselves.
 */
export const dashboardRoute = defineRoute({
  method: "GET",
  path: "/api/dashboard",
  permission: "analytics.dashboard",
  summary: "Dashboard as an HTML page",
  produces: "text/html",
  handle: async ({ query }, { ctx }) => {
    for (const key of query.keys()) {
      if (!KNOWN.includes(key))
        throw InvalidMetricQuery({
          reason: `The dashboard takes ${KNOWN.join(", ")}, not "${key.slice(0, 50)}".`,
        });
    }
    const [name, from, to] = KNOWN.map((key) => query.get(key));
    const html = await renderDashboard(ctx, {
      ...(name ? await savedDashboard(ctx, name) : {}),
      ...(from ? { from } : {}),
      ...(to ? { to } : {}),
    });
    return new Response(html, {
      headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": pagePolicy },
    });
  },
});

async function savedDashboard(ctx: Context, name: string): Promise<DashboardOptions> {
  const saved = await ctx.repo(dashboard).first({ where: { name } });
  if (!saved) throw NotFound({ entity: "dashboard", id: name.slice(0, 100) });
  return { title: saved.title, panels: saved.panels };
}
