import { expect, test } from "vitest";
import { type Chart, renderSvg } from "../src/index.js";

const chart = (over: Partial<Chart>): Chart => ({
  kind: "bar",
  title: `A & "B" <c>`,
  description: "From <1> to 2.",
  categories: ["<script>alert(1)</script>", "b"],
  series: [{ name: "</svg><x>", values: [1, null] }],
  format: String,
  short: (value) => `${value} <€>`,
  ...over,
});

test.each(["bar", "line", "ranking", "funnel"] as const)(
  "a %s is drawn with every text escaped",
  async (kind) => {
    const svg = await renderSvg(chart({ kind }), { width: 400, height: 200, theme: "light" });
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 400 200"[^>]* role="img">/);
    expect(svg).toContain("<title>A &amp; &quot;B&quot; &lt;c&gt;</title><desc>From &lt;1&gt; to 2.</desc>");
    expect(svg).toContain("&lt;script&gt;");
    expect(svg).not.toMatch(/<script|<x>|<€>|\sstyle=|<style|\son\w+=/);
    // Well-formed: every tag that opens also closes.
    const open = svg.match(/<[a-zA-Z][^>]*[^/]>/g)?.length;
    expect(svg.match(/<\/[a-zA-Z]+>/g)?.length).toBe(open);
  },
);

test("one drawing serves light and dark pages, others bring their colours", async () => {
  const size = { width: 400, height: 200 };
  const page = await renderSvg(chart({}), { ...size, theme: "page" });
  expect(page).toContain('fill="var(--chart-1)"');
  expect(page).not.toMatch(/#[0-9a-f]{6}/i);
  expect(await renderSvg(chart({}), { ...size, theme: "light" })).toContain("#2463c9");
  expect(await renderSvg(chart({}), { ...size, theme: "dark" })).toContain("#6ea2f5");
});

test("the steps of a funnel keep their order, also where a later one is larger", async () => {
  const funnel = chart({
    kind: "funnel",
    categories: ["One", "Two", "Three"],
    series: [{ name: "x", values: [5, 0, 9] }],
    notes: ["5", "none", "9"],
  });
  const svg = await renderSvg(funnel, { width: 400, height: 200, theme: "light" });
  const heightOf = (text: string) =>
    Number(new RegExp(`translate\\([\\d.]+ ([\\d.]+)\\)[^>]*>${text}<`).exec(svg)?.[1]);
  expect(heightOf("One")).toBeLessThan(heightOf("Two"));
  expect(heightOf("Two")).toBeLessThan(heightOf("Three"));
  expect(heightOf("none")).toBe(heightOf("Two"));
});

test("no texts are drawn by widths of nothing: empty charts do not fail", async () => {
  const empty = chart({ categories: [], series: [{ name: "x", values: [] }] });
  for (const kind of ["bar", "line", "ranking", "funnel"] as const) {
    expect(await renderSvg({ ...empty, kind }, { width: 300, height: 100, theme: "page" })).toContain(
      "</svg>",
    );
  }
});
