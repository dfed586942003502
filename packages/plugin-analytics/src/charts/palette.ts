/** Roles of colours in a chart. `ink` is text, `line` axes and grids, `series` the data. */
export interface Palette {
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly paper: string;
  readonly series: readonly string[];
}

/** Distinguishable also with red-green blindness, and at 3:1 against their paper. */
export const light: Palette = {
  ink: "#1c2330",
  muted: "#5a6475",
  line: "#d8dde6",
  paper: "#ffffff",
  series: ["#2463c9", "#b4540a", "#1b7f5c", "#8a3fa8", "#a8323e", "#5c6b7a"],
};

export const dark: Palette = {
  ink: "#e8ecf3",
  muted: "#a3adbd",
  line: "#3a4353",
  paper: "#171c26",
  series: ["#6ea2f5", "#f0a25a", "#55c79d", "#c58ae0", "#f08a94", "#a9b6c6"],
};

/** Stand-ins that become CSS variables, so that one drawing serves light and dark pages. */
export const themed: Palette = {
  ink: "#010101",
  muted: "#010102",
  line: "#010103",
  paper: "#010104",
  series: ["#010111", "#010112", "#010113", "#010114", "#010115", "#010116"],
};

/** Puts the CSS variables of `paletteStyle` in place of the stand-ins. */
export function withVariables(svg: string): string {
  const names = new Map([
    [themed.ink, "--chart-ink"],
    [themed.muted, "--chart-muted"],
    [themed.line, "--chart-line"],
    [themed.paper, "--chart-paper"],
    ...themed.series.map((color, i): [string, string] => [color, `--chart-${i + 1}`]),
  ]);
  return svg.replace(/#0101[01][0-9a-f]/g, (color) =>
    names.has(color) ? `var(${names.get(color)})` : color,
  );
}

/** CSS declarations that give the variables a palette's values. */
export function paletteStyle(palette: Palette): string {
  const series = palette.series.map((color, i) => `--chart-${i + 1}:${color}`).join(";");
  return `--chart-ink:${palette.ink};--chart-muted:${palette.muted};--chart-line:${palette.line};--chart-paper:${palette.paper};${series}`;
}
