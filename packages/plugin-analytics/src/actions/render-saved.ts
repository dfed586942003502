import { defineAction, Type } from "@corm/core";
import { renderDashboard as render } from "../dashboard/render-dashboard.js";
import { dashboard } from "../entities/dashboard.js";

const day = Type.String({ format: "date" });

/** `POST /api/dashboards/{id}/render`: a saved dashboard as an HTML page. */
export const renderSaved = defineAction({
  name: "render",
  on: dashboard,
  label: "Render",
  description: "Draws a dashboard as one HTML page, with the numbers that the caller may see.",
  readOnly: true,
  input: Type.Object({ from: Type.Optional(day), to: Type.Optional(day) }),
  output: Type.Object({ html: Type.String() }),
  run: async ({ input, record }, ctx) => {
    const { from, to } = input;
    const span = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    return { html: await render(ctx, { title: record.title, panels: record.panels, ...span }) };
  },
});
