import { activity, calendar, contact } from "@corm/core";
import { runJobs } from "@corm/core/testing";
import { automation } from "@corm/plugin-workflow";
import { describe, expect, it } from "vitest";
import { automated, lead, runsOf } from "./automated.js";

describe("by the clock", () => {
  it("M100 a schedule that a user has made runs once for each time, and once for those that nobody was there for", async () => {
    const { me, automate, crm, clock } = await automated();
    await automate({
      key: "mondays",
      trigger: { on: "schedule", cron: "30 8 * * 1", zone: "Europe/Berlin" },
      steps: [{ kind: "create", entity: "lead", set: { lastName: "{{ trigger.at }}" } }],
    });
    await runJobs({ crm, clock }, { for: { days: 30 } });
    const names = async () =>
      (await me.repo(lead).find({ orderBy: ["lastName"], limit: 500 })).items.map(({ lastName }) => lastName);
    expect(await names()).toEqual([
      "2026-01-12T07:30:00.000Z",
      "2026-01-19T07:30:00.000Z",
      "2026-01-26T07:30:00.000Z",
      "2026-02-02T07:30:00.000Z",
    ]);
    clock.advance({ days: 60 });
    await runJobs({ crm, clock });
    expect(await names()).toHaveLength(5);
    await runJobs({ crm, clock }, { for: { days: 7 } });
    expect((await names())[5]).toBe("2026-04-06T06:30:00.000Z");
    const [stored] = (await me.repo(automation).find()).items;
    await me.repo(automation).update(stored?.id as string, {
      trigger: { on: "schedule", cron: "0 12 * * 3", zone: "UTC" },
    });
    await runJobs({ crm, clock }, { for: { days: 7 } });
    expect((await names()).slice(6)).toEqual(["2026-04-15T12:00:00.000Z"]);
    await me.repo(automation).update(stored?.id as string, { enabled: false });
    await runJobs({ crm, clock }, { for: { days: 30 } });
    expect(await names()).toHaveLength(7);
    await crm.stop();
  }, 60_000);

  it("a date is due so many working days before, wherever it came from, and anew where it is another one", async () => {
    const { me, automate, crm, clock } = await automated();
    const office = await me.repo(calendar).create({
      name: "Office",
      timeZone: "UTC",
      week: {
        mon: [["09:00", "17:00"]],
        tue: [["09:00", "17:00"]],
        wed: [["09:00", "17:00"]],
        thu: [["09:00", "17:00"]],
      },
      holidays: ["2026-01-19"],
    });
    const people = () => me.repo(contact);
    // 22 January 2026 is a Thursday, and Monday the 19th a holiday: Wednesday, Tuesday, and Thursday of the week before.
    const old = await people().create({ lastName: "Old", birthday: "2026-01-22" });
    await automate({
      key: "soon",
      trigger: {
        on: "date",
        entity: "contact",
        field: "birthday",
        before: { workingDays: 3 },
        at: "10:30",
        calendarId: office.id,
      },
      where: { title: null },
      steps: [
        { kind: "create", entity: "lead", set: { lastName: "{{ record.lastName }} {{ run.startedAt }}" } },
      ],
    });
    const late = await people().create({ lastName: "Late", birthday: "2026-01-26" });
    await people().create({ lastName: "Titled", birthday: "2026-01-22", title: "Dr" });
    await people().create({ lastName: "Past", birthday: "2026-01-06" });
    const moved = await people().create({ lastName: "Moved", birthday: "2026-01-22" });
    await runJobs({ crm, clock }, { for: { days: 3 } });
    await people().update(moved.id, { birthday: "2026-02-26" });
    await runJobs({ crm, clock }, { for: { days: 30 } });
    const names = async () =>
      (await me.repo(lead).find({ orderBy: ["lastName"], limit: 500 })).items.map(({ lastName }) => lastName);
    expect(await names()).toEqual(["Late 2026-01-20T10:30:00.000Z", "Old 2026-01-15T10:30:00.000Z"]);
    await people().update(late.id, { birthday: "2026-02-26" });
    await people().update(old.id, { birthday: "2026-02-10", phone: "1" });
    await runJobs({ crm, clock }, { for: { days: 30 } });
    expect((await names()).sort()).toEqual([
      "Late 2026-01-20T10:30:00.000Z",
      "Late 2026-02-23T10:30:00.000Z",
      "Moved 2026-02-23T10:30:00.000Z",
      "Old 2026-01-15T10:30:00.000Z",
    ]);
    await crm.stop();
  }, 60_000);

  it("an instant is due to the minute also where it was given a moment ago, and after nobody was there", async () => {
    const { me, automate, crm, clock } = await automated();
    await automate({
      key: "remind",
      trigger: { on: "date", entity: "activity", field: "dueAt", before: { minutes: 15 } },
      steps: [
        {
          kind: "create",
          entity: "lead",
          set: { lastName: "{{ record.subject }}", notes: "{{ run.startedAt }}" },
        },
      ],
    });
    const due = (subject: string, dueAt: string) =>
      me.repo(activity).create({ kind: "task", subject, dueAt });
    await due("soon", "2026-01-05T09:40:00Z");
    await due("later", "2026-01-05T15:00:00Z");
    await runJobs({ crm, clock }, { for: { hours: 1 } });
    const found = async () =>
      new Map((await me.repo(lead).find()).items.map(({ lastName, notes }) => [lastName, notes]));
    expect(await found()).toEqual(new Map([["soon", "2026-01-05T09:25:00.000Z"]]));
    // No worker for a day: what was due meanwhile is made up for.
    clock.advance({ days: 1 });
    await runJobs({ crm, clock });
    expect((await found()).get("later")).toBe("2026-01-06T10:00:00.000Z");
    expect((await runsOf(me)).map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
    await crm.stop();
  });
});
