import { readFileSync } from "node:fs";
import { CORE_VERSION, crmCore } from "@corm/core";
import { expect, it } from "vitest";

it("says the version of its package", () => {
  const file = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(file) as { version: string };
  expect(CORE_VERSION).toBe(version);
  expect(crmCore().version).toBe(version);
});
