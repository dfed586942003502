import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { bundle } from "./support/bundle.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("is as small as the README says, and made of its own files alone", async () => {
  const stated = Number(/at most (\d+) KB minified and gzipped/.exec(readme)?.[1]);
  const { code, inputs } = await bundle('export * from "./index.js";');
  const bytes = gzipSync(code, { level: 9 }).byteLength;
  console.info(`@corm/client: ${code.length} bytes minified, ${bytes} gzipped`);
  expect(bytes).toBeLessThanOrEqual(stated * 1000);
  // A budget with much room holds nothing.
  expect(bytes).toBeGreaterThan((stated - 1) * 1000);
  expect(inputs.filter((path) => path !== "<stdin>" && !path.includes("packages/client/src/"))).toEqual([]);
});
