import { activity, roleAssignment, user } from "@corm/core";
import { automation, workflowRun, workflowStep } from "@corm/plugin-workflow";
import { describe, expect, it } from "vitest";
import { databases, suiteName } from "../../core/test/support/databases.js";
import { type Script, spawnScript } from "../../core/test/support/spawn.js";
import { lead } from "./automated.js";
import { type CampaignOptions, campaignCrm } from "./campaign.js";

/** At full size: `CORM_RUNS=10000 npx vitest run packages/plugin-workflow/test/campaign`. */
const RUNS = Number(process.env["CORM_RUNS"] ?? 30);
const WORKERS = 3;
/** Kills at least: one after another, each of whoever has come to work. */
const KILLS = Number(process.env["CORM_KILLS"] ?? (RUNS < 1000 ? 4 : 60));
const SEED = Number(process.env["CORM_SEED"] ?? 1);
const full = RUNS >= 1000;
const wanted = process.env["CORM_DATABASE"];

function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

for (const database of databases.filter(
  ({ name }) => name !== "SQLite in memory" && (!wanted || name === wanted),
)) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it(
      `${RUNS} runs wait through a year while ${WORKERS} workers are killed: every effect once`,
      async () => {
        const { url, drop } = await database.create();
        // A day in 8 ms: a year passes in three seconds, and what cannot keep up is late and not lost.
        const options: CampaignOptions = { url, began: Date.now() + 1000, day: full ? 400 : 8 };
        const crm = await campaignCrm(options);
        const me = crm.as({ actor: { kind: "user", id: "campaign" }, tenant: "test", roles: ["admin"] });
        const owner = await me.repo(user).create({ name: "Owner" });
        await me.repo(roleAssignment).create({ userId: owner.id, role: "admin" });
        const task = (n: number) => ({ kind: "task", subject: `${n} {{ record.id }}` });
        await me.repo(automation).create({
          ...{ key: "campaign", name: "Campaign", enabled: true, principalId: owner.id },
          trigger: { on: "created", entity: "lead" },
          steps: [
            task(1),
            { kind: "wait", for: { days: 90 } },
            task(2),
            { kind: "wait", working: { days: 60 } },
            {
              kind: "branch",
              if: { status: "new" },
              yes: [{ kind: "update", set: { status: "working" } }],
              no: [{ kind: "update", set: { notes: "twice" } }],
            },
            { kind: "wait", for: { days: 150 } },
            task(3),
          ],
        });
        for (let at = 0; at < RUNS; at += 100)
          await me
            .repo(lead)
            .createMany(
              Array.from({ length: Math.min(100, RUNS - at) }, (_, n) => ({ lastName: `L${at + n}` })),
            );
        const script = new URL("./campaign-worker.ts", import.meta.url);
        const argument = JSON.stringify(options);
        const random = dice(SEED);
        const workers: Script[] = [];
        const hire = async () => {
          const worker = spawnScript(script, argument);
          await worker.line();
          workers.push(worker);
        };
        await Promise.all(Array.from({ length: WORKERS }, hire));
        const going = { state: { in: ["queued", "running", "waiting"] as const } };
        let kills = 0;
        let before = 0;
        for (;;) {
          const done = await me.repo(workflowRun).count({ state: "succeeded" });
          if (done === RUNS) break;
          const failed = await me.repo(workflowRun).first({ where: { state: { in: ["failed", "cut"] } } });
          if (failed) throw new Error(`a run has ended as ${failed.state}: ${failed.error}`);
          await new Promise((resolve) => setTimeout(resolve, 100 + random() * 500));
          if (kills >= KILLS && done > 0 && !full) continue;
          // Where workers are killed faster than they get anything done, nothing ever is.
          const steps = await me.repo(workflowStep).count({ state: "done" });
          if (steps === before) continue;
          before = steps;
          const [one] = workers.splice(Math.floor(random() * workers.length), 1);
          await one?.kill();
          kills += 1;
          await hire();
        }
        for (const worker of workers) await worker.kill();
        expect(await me.repo(workflowRun).count(going)).toBe(0);
        expect(await me.repo(workflowRun).count()).toBe(RUNS);
        const subjects = new Map<string, number>();
        for await (const { subject } of me
          .repo(activity)
          .stream({ where: { kind: "task" }, select: ["subject"], limit: 500 }))
          subjects.set(subject, (subjects.get(subject) ?? 0) + 1);
        expect(subjects.size).toBe(3 * RUNS);
        expect([...subjects.values()].every((count) => count === 1)).toBe(true);
        expect(await me.repo(lead).count({ version: { ne: 2 } })).toBe(0);
        expect(await me.repo(lead).count({ status: "working", notes: null })).toBe(RUNS);
        expect(await me.repo(workflowStep).count({ state: "done" })).toBe(7 * RUNS);
        expect(kills).toBeGreaterThan(0);
        process.stdout.write(
          `${database.name}: ${RUNS} runs, ${kills} kills, seed ${SEED}: every effect once\n`,
        );
        await crm.stop();
        await drop();
      },
      full ? 7_200_000 : 240_000,
    );
  });
}
