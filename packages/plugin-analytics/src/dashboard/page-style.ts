import { createHash } from "node:crypto";
import { dark, light, paletteStyle } from "../charts/palette.js";

/** The page's style sheet. Colours only through variables, so that a dark screen gets a dark page. */
export const pageStyle = `
:root{color-scheme:light dark;${paletteStyle(light)};--page:#f4f6f9}
@media (prefers-color-scheme:dark){:root{${paletteStyle(dark)};--page:#0e1218}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--chart-ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK SC",sans-serif}
header,main{max-width:1400px;margin:0 auto;padding:0 1rem}
header{padding-top:1.5rem}
h1{font-size:1.6rem;line-height:1.2;margin:0;overflow-wrap:anywhere}
header p{color:var(--chart-muted);margin:.25rem 0 1rem}
.values{display:grid;grid-template-columns:repeat(auto-fit,minmax(11.5rem,1fr));gap:.75rem;margin:0 0 1rem}
.values div{background:var(--chart-paper);border:1px solid var(--chart-line);border-radius:8px;padding:.75rem 1rem;min-width:0}
dt{color:var(--chart-muted);font-size:.875rem}
dd{margin:0;font-size:1.35rem;line-height:1.3;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr));gap:1rem;padding-bottom:2rem;align-items:start}
figure{background:var(--chart-paper);border:1px solid var(--chart-line);border-radius:8px;margin:0;padding:1rem;min-width:0}
h2{font-size:1.05rem;line-height:1.3;margin:0;overflow-wrap:anywhere}
figcaption p{color:var(--chart-muted);font-size:.875rem;margin:.15rem 0 .75rem}
svg{display:block;width:100%;height:auto;overflow:visible}
.slim{display:none}
@media (max-width:560px){.wide{display:none}.slim{display:block}.values{grid-template-columns:repeat(2,minmax(0,1fr))}dd{font-size:1.15rem}}
details{margin-top:.5rem;font-size:.875rem}
summary{cursor:pointer;color:var(--chart-muted);padding:.6rem 0}
summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--chart-1);outline-offset:2px}
.scroll{overflow:auto;max-height:24rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .6rem;border-bottom:1px solid var(--chart-line);text-align:right}
th:first-child{text-align:left}
tbody th{font-weight:400}
.empty{color:var(--chart-muted)}
@media print{.slim{display:none}figure{break-inside:avoid}}
`.replaceAll("\n", "");

/**
 * What a browser may do with the page: apply this one style sheet, and nothing else. Whatever slipped into it could
 * neither run nor load anything.
 */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(pageStyle).digest("base64")}'; base-uri 'none'; form-action 'none'`;
