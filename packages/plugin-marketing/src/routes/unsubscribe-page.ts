import { createHash } from "node:crypto";
import { escapeHtml } from "@corm/core";

const STYLE = `:root{color-scheme:light dark;--ink:#1c2024;--ground:#fff;--accent:#0b5cad;--on-accent:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--ground:#16181b;--accent:#8ab8f0;--on-accent:#0d1117}}
body{margin:0;background:var(--ground);color:var(--ink);font:1.125rem/1.5 system-ui,sans-serif}
main{max-width:34rem;margin:0 auto;padding:12vh 1.25rem 2rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}
strong{overflow-wrap:anywhere}
button{font:inherit;font-weight:600;color:var(--on-accent);background:var(--accent);border:2px solid transparent;
border-radius:.5rem;padding:.75rem 1.5rem;min-height:3rem;cursor:pointer}
button:focus-visible{outline:3px solid var(--ink);outline-offset:3px}`;

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-robots-tag": "noindex",
};

export function htmlResponse(html: string): Response {
  return new Response(html, { headers: HEADERS });
}

/** The form posts to the page's own address; without scripts and without cookies. */
export function confirmPage(address: string, topic: string): string {
  return page(
    "Unsubscribe?",
    `<p>We write to <strong>${escapeHtml(address)}</strong> about <strong>${escapeHtml(topic)}</strong>.</p>
<form method="post" action="?via=page"><button type="submit">Unsubscribe</button></form>`,
  );
}

export function donePage(address: string, topic: string): string {
  return page(
    "You are unsubscribed",
    `<p role="status">We no longer write to <strong>${escapeHtml(address)}</strong> about <strong>${escapeHtml(topic)}</strong>. Messages that are on their way may still arrive.</p>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
}
