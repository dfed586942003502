import { activity, contact, toInstant } from "@corm/core";
import { runJobs } from "@corm/core/testing";
import { workflowRun } from "@corm/plugin-workflow";
import { expect, it } from "vitest";
import { automated } from "./automated.js";

/** At full size: `CORM_YEAR=1000 npx vitest run packages/plugin-workflow/test/year`. */
const RECORDS = Number(process.env["CORM_YEAR"] ?? 8);
const MINUTE = 60_000;
const DAY = 86_400_000;

it(
  `a year of ${RECORDS} records passes: every step at its minute, every date on its day`,
  async () => {
    const { me, automate, crm, clock, errors } = await automated({ keepRunsDays: 1000 });
    await automate({
      key: "monthly",
      trigger: { on: "created", entity: "contact" },
      exit: { title: "left" },
      steps: Array.from({ length: 12 }, (_, n) => [
        { kind: "wait", for: { days: 28 } },
        { kind: "task", subject: `${n + 1} {{ record.lastName }}`, dueAt: { $now: {} } },
      ]).flat(),
    });
    await automate({
      key: "birthday",
      trigger: {
        on: "date",
        entity: "contact",
        field: "birthday",
        before: { days: 1 },
        at: "08:00",
        zone: "Europe/Berlin",
      },
      steps: [{ kind: "task", subject: "Birthday of {{ record.lastName }}", dueAt: { $now: {} } }],
    });
    const began = clock.now();
    for (let n = 0; n < RECORDS; n++) {
      const birthday = toInstant(began + (20 + ((n * 37) % 330)) * DAY).slice(0, 10);
      await me.repo(contact).create({ lastName: `C${n}`, birthday });
      await runJobs({ crm, clock }, { for: { minutes: 1 } });
    }
    const leaver = await me.repo(contact).first({ where: { lastName: "C0" } });
    await runJobs({ crm, clock }, { until: toInstant(began + 100 * DAY) });
    await me.repo(contact).update(leaver?.id as string, { title: "left" });
    const wall = performance.now();
    await runJobs({ crm, clock }, { until: toInstant(began + 366 * DAY) });
    const tasks = new Map<string, string | null>();
    for await (const { subject, dueAt } of me.repo(activity).stream({ limit: 500 })) {
      expect(tasks.has(subject)).toBe(false);
      tasks.set(subject, dueAt);
    }
    for (let n = 0; n < RECORDS; n++) {
      for (let month = 1; month <= (n === 0 ? 3 : 12); month++)
        expect(tasks.get(`${month} C${n}`)).toBe(toInstant(began + n * MINUTE + month * 28 * DAY));
      const day = Date.parse(toInstant(began + (20 + ((n * 37) % 330)) * DAY).slice(0, 10)) - DAY;
      const summer = day >= Date.UTC(2026, 2, 29) && day < Date.UTC(2026, 9, 25);
      expect(tasks.get(`Birthday of C${n}`)).toBe(toInstant(day + (summer ? 6 : 7) * 60 * MINUTE));
    }
    expect(tasks.size).toBe((RECORDS - 1) * 13 + 4);
    expect(await me.repo(workflowRun).count({ state: "succeeded" })).toBe(2 * RECORDS - 1);
    expect(await me.repo(workflowRun).count({ state: "exited" })).toBe(1);
    expect(errors).toEqual([]);
    if (RECORDS > 100)
      process.stdout.write(
        `266 days of ${RECORDS} records in ${Math.round((performance.now() - wall) / 1000)} s\n`,
      );
    await crm.stop();
  },
  RECORDS > 100 ? 3_600_000 : 120_000,
);
