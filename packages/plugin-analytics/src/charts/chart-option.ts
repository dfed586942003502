import type { EChartsOption } from "echarts";
import type { Chart } from "./chart.js";
import type { Palette } from "./palette.js";

export const FONT =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK SC', sans-serif";
const FONT_SIZE = 12;
/** Below this, a picture is for a phone. */
const NARROW = 480;

interface Look {
  readonly palette: Palette;
  readonly narrow: boolean;
  readonly text: { readonly color: string; readonly fontFamily: string; readonly fontSize: number };
}

/** A chart in the terms of the drawing library. */
export function chartOption(chart: Chart, palette: Palette, width: number): EChartsOption {
  const text = { color: palette.muted, fontFamily: FONT, fontSize: FONT_SIZE };
  const look: Look = { palette, narrow: width < NARROW, text };
  const base: EChartsOption = {
    animation: false,
    backgroundColor: "transparent",
    color: [...palette.series],
    textStyle: { fontFamily: FONT, color: palette.ink },
  };
  const drawn =
    chart.kind === "ranking" || chart.kind === "funnel" ? listed(chart, look) : series(chart, look);
  return { ...base, ...drawn };
}

/** Over time: bars or a line, as many as there are series. */
function series(chart: Chart, { palette, narrow, text }: Look): EChartsOption {
  const several = chart.series.length > 1;
  const numbers = chart.series.flatMap((one) => one.values).filter((value) => value !== null);
  // The axis goes on to the next round number.
  const left = widest([0, ...numbers, Math.max(0, ...numbers) * 1.25].map(chart.short)) + 10;
  return {
    ...(several ? { legend: { textStyle: text, top: 0, left: 0, selectedMode: false } } : {}),
    grid: { left, right: narrow ? 24 : 30, top: several ? 36 : 12, bottom: 26, outerBoundsMode: "none" },
    xAxis: {
      type: "category",
      data: [...chart.categories],
      axisLabel: { ...text, hideOverlap: true },
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
    },
    yAxis: {
      type: "value",
      axisLabel: { ...text, formatter: chart.short },
      splitNumber: narrow ? 3 : 5,
      splitLine: { lineStyle: { color: palette.line } },
    },
    series: chart.series.map(({ name, values }) =>
      chart.kind === "bar"
        ? { type: "bar", name, data: [...values], barMaxWidth: 40, silent: true }
        : {
            type: "line",
            name,
            data: [...values],
            symbol: "circle",
            symbolSize: 7,
            lineStyle: { width: 2.5 },
            connectNulls: false,
            silent: true,
          },
    ),
  };
}

/**
 * One bar per category, its name to the left and its note to the right, where neither covers the other: a ranking
 * begins at the left, a funnel stands in the middle and narrows from step to step.
 */
function listed(chart: Chart, { palette, narrow, text }: Look): EChartsOption {
  const values = (chart.series[0]?.values ?? []).map((value) => value ?? 0);
  const notes = chart.notes ?? values.map(chart.short);
  const top = Math.max(...values, 0) || 1;
  const space = narrow ? 110 : 190;
  const left = Math.min(space, widest(chart.categories)) + 8;
  const right = Math.min(space, widest(notes)) + 8;
  const axis = {
    type: "category" as const,
    inverse: true,
    axisLine: { show: false },
    axisTick: { show: false },
  };
  const funnel = chart.kind === "funnel";
  return {
    grid: { left, right, top: 4, bottom: 4, outerBoundsMode: "none" },
    xAxis: { type: "value", min: 0, max: top, show: false },
    yAxis: [
      {
        ...axis,
        data: [...chart.categories],
        axisLabel: { ...text, color: palette.ink, width: left - 8, overflow: "truncate", interval: 0 },
      },
      {
        ...axis,
        position: "right",
        data: [...notes],
        axisLabel: { ...text, width: right - 8, overflow: "truncate", interval: 0 },
      },
    ],
    series: [
      // Nothing to see: it moves the steps of a funnel into the middle.
      ...(funnel
        ? [
            {
              type: "bar" as const,
              stack: "bar",
              data: values.map((value) => (top - value) / 2),
              itemStyle: { color: "transparent" },
              silent: true,
            },
          ]
        : []),
      {
        type: "bar",
        name: chart.series[0]?.name ?? "",
        stack: "bar",
        data: values,
        barWidth: funnel ? "78%" : "64%",
        itemStyle: { color: palette.series[0] as string, borderRadius: 2 },
        silent: true,
      },
    ],
  };
}

/** Width of the longest of some texts, in CSS pixels: generous, since the reader's font is not known here. */
function widest(texts: readonly string[]): number {
  let width = 0;
  for (const text of texts) {
    let own = 0;
    // Signs of east Asian scripts are as wide as they are high.
    for (const sign of text) own += (sign.codePointAt(0) as number) >= 0x2e80 ? FONT_SIZE : FONT_SIZE * 0.6;
    width = Math.max(width, own);
  }
  return Math.ceil(width);
}
