import type { Chart } from "./chart.js";
import { chartOption } from "./chart-option.js";
import { dark, light, type Palette, themed, withVariables } from "./palette.js";
import { staticSvg } from "./static-svg.js";

export interface RenderOptions {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** `page` takes its colours from CSS variables of the page around it; the others stand alone. */
  readonly theme: "light" | "dark" | "page";
}

let loading: Promise<typeof import("./drawing.js")> | undefined;

/** Loaded when the first chart is drawn: an app that draws none does not pay for it. */
function loadDrawing(): Promise<typeof import("./drawing.js")> {
  loading ??= import("./drawing.js");
  return loading;
}

const palettes: Readonly<Record<RenderOptions["theme"], Palette>> = { light, dark, page: themed };

/** Draws a chart as one SVG element with a title and a description. */
export async function renderSvg(chart: Chart, options: RenderOptions): Promise<string> {
  const { init } = await loadDrawing();
  const drawing = init(null, null, {
    renderer: "svg",
    ssr: true,
    width: options.width,
    height: options.height,
  });
  try {
    drawing.setOption(chartOption(chart, palettes[options.theme], options.width));
    const svg = named(staticSvg(drawing.renderToSVGString({ useViewBox: true })), chart);
    return options.theme === "page" ? withVariables(svg) : svg;
  } finally {
    // What is not disposed keeps the process alive.
    drawing.dispose();
  }
}

/** SVG's own title and description, which screen readers read and echarts leaves out. */
function named(svg: string, chart: Chart): string {
  const end = svg.indexOf(">");
  const role = svg.slice(0, end).includes("role=") ? "" : ' role="img"';
  const texts = `<title>${escapeXml(chart.title)}</title><desc>${escapeXml(chart.description)}</desc>`;
  return `${svg.slice(0, end)}${role}>${texts}${svg.slice(end + 1)}`;
}

/** Text for XML and HTML, in content and in attributes. */
export function escapeXml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML cannot hold.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("'", "&#39;")
  );
}
