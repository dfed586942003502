import type { EChartsOption } from "echarts";
import type { Chart } from "./chart.js";
import type { Palette } from "./palette.js";

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK SC', sans-serif";
/** Below this, a picture is for a phone. */
const NARROW = 480;

/** A chart in the terms of the drawing library. */
export function chartOption(chart: Chart, palette: Palette, width: number): EChartsOption {
  const narrow = width < NARROW;
  const text = { color: palette.muted, fontFamily: FONT, fontSize: 12 };
  const base: EChartsOption = {
    animation: false,
    backgroundColor: "transparent",
    color: [...palette.series],
    textStyle: { fontFamily: FONT, color: palette.ink },
  };
  if (chart.kind === "funnel") return { ...base, ...funnel(chart, palette, text) };
  const numbers = {
    type: "value" as const,
    axisLabel: { ...text, formatter: chart.short },
    splitNumber: narrow ? 3 : 5,
    splitLine: { lineStyle: { color: palette.line } },
  };
  const names = {
    type: "category" as const,
    data: [...chart.categories],
    axisLabel: { ...text, hideOverlap: true },
    axisLine: { lineStyle: { color: palette.line } },
    axisTick: { show: false },
  };
  const legend = chart.series.length > 1 ? { legend: { textStyle: text, top: 0 } } : {};
  const grid = {
    left: 4,
    right: narrow ? 8 : 16,
    top: chart.series.length > 1 ? 32 : 12,
    bottom: 4,
    containLabel: true,
  };
  if (chart.kind === "ranking") {
    const longest = narrow ? 90 : 180;
    return {
      ...base,
      ...legend,
      grid: { ...grid, right: narrow ? 56 : 80 },
      xAxis: { ...numbers, axisLabel: { show: false } },
      yAxis: { ...names, inverse: true, axisLabel: { ...text, width: longest, overflow: "truncate" } },
      series: chart.series.map((series) => ({
        type: "bar",
        name: series.name,
        data: [...series.values],
        barMaxWidth: 20,
        label: { show: true, position: "right", ...text, formatter: (point) => shortOf(chart, point.value) },
      })),
    };
  }
  return {
    ...base,
    ...legend,
    grid,
    xAxis: names,
    yAxis: numbers,
    series: chart.series.map((series) =>
      chart.kind === "bar"
        ? { type: "bar", name: series.name, data: [...series.values], barMaxWidth: 40 }
        : { type: "line", name: series.name, data: [...series.values], symbolSize: 6, connectNulls: false },
    ),
  };
}

function shortOf(chart: Chart, value: unknown): string {
  return typeof value === "number" ? chart.short(value) : "";
}

/** Drawn as given: the order of the steps is theirs, not that of the numbers. */
function funnel(
  chart: Chart,
  palette: Palette,
  text: { color: string; fontFamily: string; fontSize: number },
): EChartsOption {
  const values = chart.series[0]?.values ?? [];
  return {
    series: [
      {
        type: "funnel",
        sort: "none",
        left: "4%",
        width: "92%",
        top: 8,
        bottom: 8,
        min: 0,
        max: Math.max(1, ...values.map((value) => value ?? 0)),
        minSize: "2%",
        gap: 3,
        label: {
          ...text,
          position: "inside",
          color: palette.ink,
          textBorderColor: palette.paper,
          textBorderWidth: 3,
          formatter: (point) => `${point.name}: ${shortOf(chart, point.value)}`,
        },
        labelLine: { show: false },
        itemStyle: { borderWidth: 0 },
        data: chart.categories.map((name, i) => ({
          name,
          value: values[i] ?? 0,
          itemStyle: {
            color: palette.series[0] as string,
            opacity: 0.85 - (0.5 * i) / Math.max(1, chart.categories.length),
          },
        })),
      },
    ],
  };
}
