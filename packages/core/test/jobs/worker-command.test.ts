import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createCrm, crmCore } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runCli } from "../../src/cli/run.js";
import { spawnScript } from "../support/spawn.js";
import { noted, notes } from "./worker-command.js";

let folder: string;
let url: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "corm-worker-"));
  url = `sqlite:${join(folder, "crm.db")}`;
});
afterEach(() => rmSync(folder, { recursive: true }));

it("runs the jobs of an app until it is told to end, and ends well", async () => {
  const crm = await createCrm({ storage: knexStorage({ url }), plugins: [crmCore(), notes()], tenant: "t" });
  const me = crm.system({ tenant: "t", reason: "test" });
  const worker = spawnScript(new URL("worker-command.child.ts", import.meta.url), url);
  expect(await worker.line()).toBe("working");
  await me.jobs.enqueue(noted, { text: "hello" });
  expect(await worker.line()).toBe("noted hello");
  worker.terminate();
  expect(await worker.ended()).toEqual({ code: 0, errors: "" });
  await crm.stop();
});

it("serves no queue that no job is in", async () => {
  const crm = await createCrm({ storage: knexStorage({ url }), plugins: [crmCore(), notes()], tenant: "t" });
  expect(() => crm.worker({ queues: ["default", "mial"] })).toThrow(
    /^No job of this app is in the queue "mial"\. Its queues: default/,
  );
  await crm.stop();
});

it("says what it cannot work with", async () => {
  const said: string[] = [];
  const output = { out: (line: string) => said.push(line), error: (line: string) => said.push(line) };
  expect(await runCli(["worker", join(folder, "none.js")], {}, output)).toBe(2);
  expect(said.pop()).toMatch(/none\.js" does not load: /);
  const itself = fileURLToPath(new URL("../support/spawn.ts", import.meta.url));
  expect(await runCli(["worker", itself], {}, output)).toBe(2);
  expect(said.pop()).toContain("exports no crm: export const crm = await createCrm(…)");
  expect(await runCli(["worker"], {}, output)).toBe(2);
  expect(said.pop()).toContain("Give one <module>");
});
