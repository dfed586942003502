import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { clientErrors } from "../src/errors.js";

it("the guide lists every code of the client's own, and no other", () => {
  const page = readFileSync(new URL("../../../docs/guide/client.md", import.meta.url), "utf8");
  const table = page.slice(page.indexOf("| client code |")).split("\n\n", 1)[0] ?? "";
  const listed = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
  const made = Object.values(clientErrors).map(
    (make) => (make as (...given: never[]) => { code: string })("" as never, [] as never).code,
  );
  expect(listed.toSorted()).toEqual(made.toSorted());
});
