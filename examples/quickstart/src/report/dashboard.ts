import { type Panel, renderDashboard } from "@corm/plugin-analytics";
import type { Session } from "../crm.js";

/** What this company wants to see first. Every figure is a metric that a plugin declares. */
const PANELS: readonly Panel[] = [
  { kind: "value", metric: "sales.wonRevenue" },
  { kind: "value", metric: "sales.wonCount" },
  { kind: "value", metric: "sales.winRate" },
  { kind: "value", metric: "sales.averageDeal" },
  { kind: "value", metric: "sales.opportunities" },
  { kind: "series", metric: "sales.wonRevenue", grain: "month", chart: "bar" },
  { kind: "series", metric: "sales.winRate", grain: "month", chart: "line" },
  { kind: "funnel", metric: "sales.funnel" },
  { kind: "ranking", metric: "sales.wonRevenue", dimension: "ownerId", limit: 10 },
  { kind: "ranking", metric: "sales.wonRevenue", dimension: "productId", limit: 10 },
];

/** The dashboard as one self-contained HTML page. */
export function dashboardPage(session: Session): Promise<string> {
  return renderDashboard(session, { title: "Corm quickstart", panels: PANELS });
}
