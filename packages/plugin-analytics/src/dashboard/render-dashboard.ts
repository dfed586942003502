import type { Context } from "@corm/core";
import type { Chart } from "../charts/chart.js";
import { escapeXml, renderSvg } from "../charts/render-svg.js";
import { type LoadedPanel, loadPanel, type Span } from "./load-panel.js";
import { pagePolicy, pageStyle } from "./page-style.js";
import { defaultPanels, type Panel } from "./panels.js";

export interface DashboardOptions extends Span {
  readonly title?: string;
  /** Default: what the app's metrics give by themselves. */
  readonly panels?: readonly Panel[];
}

/** Drawn twice, since text that is shrunk to a phone's width cannot be read: CSS shows the one that fits. */
const WIDE = { width: 600, height: 280 };
const SLIM = { width: 330, height: 230 };

/**
 * A dashboard as one HTML page: no script, nothing loaded from elsewhere, light and dark, for phones too, with the
 * numbers of every picture in a table.
 */
export async function renderDashboard(ctx: Context, options: DashboardOptions = {}): Promise<string> {
  const title = options.title ?? "Dashboard";
  const panels = options.panels ?? defaultPanels(ctx.catalog);
  const span = { ...(options.from ? { from: options.from } : {}), ...(options.to ? { to: options.to } : {}) };
  const figures: string[] = [];
  const values: string[] = [];
  for (const panel of panels) {
    for (const loaded of await loadPanel(ctx, panel, span)) {
      if (loaded.kind === "value") values.push(valueHtml(loaded));
      else figures.push(await figureHtml(loaded, figures.length));
    }
  }
  const when =
    options.from || options.to
      ? `${options.from ?? "the beginning"} to ${options.to ?? "today"}`
      : "All time";
  const content =
    values.length + figures.length === 0
      ? `<p class="empty">There is nothing to show yet.</p>`
      : `<dl class="values">${values.join("")}</dl><div class="figures">${figures.join("")}</div>`;
  return `<!doctype html>
<html lang="${escapeXml(ctx.locale)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${pagePolicy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeXml(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<header><h1>${escapeXml(title)}</h1><p>${escapeXml(when)}, as of <time datetime="${ctx.now()}">${ctx.now().slice(0, 16).replace("T", " ")} UTC</time></p></header>
<main>${content}</main>
</body>
</html>
`;
}

function valueHtml(panel: Extract<LoadedPanel, { kind: "value" }>): string {
  const hint = panel.description ? ` title="${escapeXml(panel.description)}"` : "";
  return `<div${hint}><dt>${escapeXml(panel.title)}</dt><dd>${escapeXml(panel.value)}</dd></div>`;
}

async function figureHtml(panel: Extract<LoadedPanel, { kind: "chart" }>, index: number): Promise<string> {
  const { chart } = panel;
  const height = heightOf(chart);
  const wide = await renderSvg(chart, { ...WIDE, ...height, theme: "page" });
  const slim = await renderSvg(chart, { ...SLIM, ...height, theme: "page" });
  const head = panel.columns.map((name) => `<th scope="col">${escapeXml(name)}</th>`).join("");
  const body = panel.rows
    .map(([first = "", ...rest]) => {
      const cells = rest.map((cell) => `<td>${escapeXml(cell)}</td>`).join("");
      return `<tr><th scope="row">${escapeXml(first)}</th>${cells}</tr>`;
    })
    .join("");
  const id = `figure-${index + 1}`;
  return `<figure aria-labelledby="${id}"><figcaption id="${id}"><h2>${escapeXml(chart.title)}</h2><p>${escapeXml(chart.description)}</p></figcaption>
<div class="wide">${unique(wide, `${id}w`)}</div><div class="slim">${unique(slim, `${id}s`)}</div>
<details><summary>Numbers</summary><div class="scroll" tabindex="0" role="region" aria-label="${escapeXml(chart.title)}: numbers"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div></details></figure>`;
}

/** Lists are as high as they are long; the rest has the height of its kind of page. */
function heightOf({ kind, categories }: Chart): { readonly height?: number } {
  if (kind === "ranking") return { height: 8 + categories.length * 26 };
  return kind === "funnel" ? { height: 8 + categories.length * 40 } : {};
}

/** Several drawings in one page must not share the ids of their clip paths. */
function unique(svg: string, prefix: string): string {
  return svg.replaceAll(/\bzr\d+-/g, (name) => `${prefix}-${name}`);
}
