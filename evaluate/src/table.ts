import type { Line } from "./subject.js";

/** Whether a figure is as good as its reference, in the digits that the reference has. */
export function reached({ figure, reference, digits = 3, lower = false }: Line): boolean {
  const [own, other] = [Number(figure.toFixed(digits)), reference];
  return lower ? own <= other : own >= other;
}

const COLUMNS = ["what", "method", "preprocessing", "measure", "figure", "reference", "by", ""] as const;

/** The lines as a table for people. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map((line) => {
    const { what, method, preprocessing, measure, figure, reference, by, digits = 3 } = line;
    const verdict = reached(line) ? "" : "below";
    return [
      what,
      method,
      preprocessing,
      measure,
      figure.toFixed(digits),
      reference.toFixed(digits),
      by,
      verdict,
    ];
  });
  const widths = COLUMNS.map((head, i) =>
    Math.max(head.length, ...rows.map((row) => (row[i] as string).length)),
  );
  const written = [COLUMNS as readonly string[], widths.map((width) => "-".repeat(width)), ...rows].map(
    (row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] as number))
        .join("  ")
        .trimEnd(),
  );
  return written.join("\n");
}
