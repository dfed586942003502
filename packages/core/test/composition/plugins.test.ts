import { crmCore } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { describe, expect, it } from "vitest";
import { plugin, problemsOf } from "./refused.js";

describe("dependencies", () => {
  it("must be there", async () => {
    expect(await problemsOf(plugin("sales", {}, { requires: { crm: "^0.1", leads: "^1.0" } }))).toEqual([
      'plugin "sales" requires plugin "crm" (^0.1), which is not in the list: add it to createCrm({ plugins })',
      'plugin "sales" requires plugin "leads" (^1.0), which is not in the list: add it to createCrm({ plugins })',
    ]);
  });

  it("must be of a version that fits, optional ones too", async () => {
    const sales = plugin("sales", {}, { requires: { leads: "^2.0" }, optional: { service: "~0.9" } });
    expect(await problemsOf(sales, plugin("leads"), plugin("service"))).toEqual([
      'plugin "sales" works with "leads" ^2.0, but 1.0.0 is in the list: update one of the two',
      'plugin "sales" works with "service" ~0.9, but 1.0.0 is in the list: update one of the two',
    ]);
  });

  it("must be given as ranges, and versions as versions", async () => {
    const leads = plugin("leads", {}, { version: "one" });
    const sales = plugin("sales", {}, { requires: { leads: "newest" }, optional: { gone: "also bad" } });
    expect(await problemsOf(leads, sales)).toEqual([
      'plugin "leads" has the version "one", which is not a semantic version such as 1.0.0',
      'plugin "sales" requires "leads" in "newest", which is not a version range',
      'plugin "sales" requires "gone" in "also bad", which is not a version range',
    ]);
  });

  it("must not go in a circle, which is printed", async () => {
    const [problem, ...more] = await problemsOf(
      plugin("a", {}, { requires: { b: "^1.0" } }),
      plugin("b", {}, { requires: { c: "^1.0" } }),
      plugin("c", {}, { optional: { a: "^1.0" } }),
      plugin("outside", {}, { requires: { a: "^1.0" } }),
    );
    expect(problem).toContain("in a circle: a -> b -> c -> a;");
    expect(problem).toContain('make one of them "optional" on one side only');
    expect(more).toEqual([]);
    expect(await problemsOf(plugin("self", {}, { requires: { self: "^1.0" } }))).toEqual([
      expect.stringContaining("self -> self"),
    ]);
  });

  it("include core itself", async () => {
    expect(await problemsOf(plugin("old", {}, { corm: "^99" }), plugin("odd", {}, { corm: "soon" }))).toEqual(
      [
        expect.stringMatching(
          /^plugin "old" 1\.0\.0 works with @corm\/core \^99, but this is \d+\.\d+\.\d+: install a version of the plugin that fits$/,
        ),
        'plugin "odd" declares corm: "soon", which is not a version range',
      ],
    );
  });

  it("may be absent where they are optional", async () => {
    const { crm } = await createTestCrm({
      plugins: [crmCore(), plugin("sales", {}, { optional: { leads: "^1.0" } })],
    });
    await crm.stop();
  });
});

it("refuses the same plugin twice", async () => {
  expect(await problemsOf(plugin("leads"), crmCore(), plugin("leads"))).toEqual([
    'plugin "leads" is in the list twice: remove one, and merge their options',
  ]);
});

it("refuses names that hooks and paths could not carry", async () => {
  expect(await problemsOf(plugin("My Plugin"))).toEqual([
    expect.stringContaining('plugin "My Plugin": the name must be kebab-case'),
  ]);
});

it("tells a plugin's factory from a plugin", async () => {
  expect(await problemsOf(crmCore as never)).toEqual([
    expect.stringMatching(/^plugins\[0\] is a function.*Call it/),
  ]);
  expect(await problemsOf(crmCore(), undefined as never, {} as never)).toEqual([
    expect.stringMatching(/^plugins\[1\] is not a plugin/),
    expect.stringMatching(/^plugins\[2\] is not a plugin/),
  ]);
});

describe("order", () => {
  const core = crmCore();
  const leads = plugin("leads", {}, { requires: { crm: "^0.1" } });
  const sales = plugin("sales", {}, { requires: { crm: "^0.1" }, optional: { leads: "^1.0" } });
  const reports = plugin("reports", {}, { requires: { sales: "^1.0" } });
  const extra = plugin("extra");

  async function orderOf(...plugins: ReturnType<typeof plugin>[]): Promise<string[]> {
    const { crm } = await createTestCrm({ plugins });
    const names = crm.describe().plugins.map(({ name }) => name);
    await crm.stop();
    return names;
  }

  it("is by dependencies, wherever a plugin stands in the list", async () => {
    const all = [core, leads, sales, reports];
    for (const list of [all, [...all].reverse(), [sales, core, reports, leads]]) {
      expect(await orderOf(...list)).toEqual(["crm", "leads", "sales", "reports"]);
    }
  });

  it("keeps the list's order where dependencies leave it open", async () => {
    expect(await orderOf(extra, reports, sales, leads, core)).toEqual([
      "extra",
      "crm",
      "leads",
      "sales",
      "reports",
    ]);
    expect(await orderOf(core, sales, extra, reports)).toEqual(["crm", "sales", "extra", "reports"]);
  });

  it("is the order of start, and reversed that of stop", async () => {
    const events: string[] = [];
    const traced = (name: string, requires: Record<string, string> = {}) =>
      plugin(
        name,
        {
          start: async () => void events.push(`start ${name}`),
          stop: async () => void events.push(`stop ${name}`),
        },
        { requires },
      );
    const { crm } = await createTestCrm({ plugins: [traced("b", { a: "^1.0" }), traced("a")] });
    await crm.stop();
    await crm.stop();
    expect(events).toEqual(["start a", "start b", "stop b", "stop a"]);
  });

  it("stops what was started when a later plugin fails to start", async () => {
    const events: string[] = [];
    const good = plugin("good", { stop: async () => void events.push("stop good") });
    const bad = plugin("bad", { start: () => Promise.reject(new Error("no luck")) });
    await expect(createTestCrm({ plugins: [good, bad] })).rejects.toThrow("no luck");
    expect(events).toEqual(["stop good"]);
  });
});
