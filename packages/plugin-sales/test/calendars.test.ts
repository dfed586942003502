import { crmCore, definePlugin, defineRole, grant, mailPort, type OutgoingMail, provide } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { activityOfOpportunity, issueCalendarFeed, revokeCalendarFeed, sales } from "@corm/plugin-sales";
import { convertIcsCalendar } from "ts-ics";
import { afterEach, beforeEach, expect, it } from "vitest";

const caller = defineRole({
  name: "caller",
  entities: { ...grant(activityOfOpportunity, { read: "own", create: "own", update: "own" }) },
  permissions: ["calendarFeed.use"],
});

async function open() {
  const mails: OutgoingMail[] = [];
  const failing = { next: null as "later" | null };
  const mailer = definePlugin({
    name: "mailer",
    version: "0.1.0",
    corm: "^0.1",
    setup: () => ({
      services: [
        provide(mailPort, () => ({
          send: async (mail) => {
            if (failing.next) {
              failing.next = null;
              return { outcome: "later" as const, detail: "421 come back" };
            }
            mails.push(mail);
            return { outcome: "sent" as const, detail: "250 ok" };
          },
        })),
      ],
    }),
  });
  const test = await createTestCrm({
    plugins: [
      crmCore({}),
      sales({ mailFrom: { address: "calendar@example.com", name: "Corm" } }),
      mailer(),
    ] as const,
    roles: [caller],
  });
  test.clock.set("2026-03-02T08:00:00Z");
  return { ...test, mails, failing };
}

let test: Awaited<ReturnType<typeof open>>;
beforeEach(async () => {
  test = await open();
});
afterEach(() => test.crm.stop());

const parse = (text: string) => convertIcsCalendar(undefined, text);

it("shows a user's own activities behind a secret link, until it is taken back", async () => {
  const { crm, me, clock } = test;
  const { user, activity, roleAssignment } = me.entities;
  const [ada, bob] = await user.createMany([{ name: "Ada" }, { name: "Bob" }]);
  if (!ada || !bob) throw new Error("no users");
  await roleAssignment.create({ userId: ada.id, role: "caller" });
  const due = { dueAt: "2026-03-30T07:00:00Z", kind: "meeting" as const };
  await activity.create({
    ...due,
    subject: "Jour fixe; 中文,\nline",
    ownerId: ada.id,
    durationMinutes: 45,
    location: "Room 1",
  });
  await activity.create({ ...due, subject: "Of Bob", ownerId: bob.id });
  await activity.create({ ...due, subject: "Long ago", ownerId: ada.id, dueAt: "2025-03-30T07:00:00Z" });
  const app = createHttp(crm, {
    clientAddress: () => "203.0.113.9",
    rateLimits: { public: { limit: 12, windowSeconds: 60 } },
  });
  const as = (id: string) =>
    crm.as({ actor: { kind: "user", id }, tenant: "test", userId: id, roles: ["caller"] });
  const { path } = await as(ada.id).run(issueCalendarFeed, {});
  const get = (at: string, headers: Record<string, string> = {}) => app.request(at, { headers });

  const first = await get(`${path}.ics`);
  expect(first.status).toBe(200);
  expect(first.headers.get("content-type")).toBe("text/calendar; charset=utf-8");
  const text = await first.text();
  const { events, method } = parse(text);
  expect(method).toBe("PUBLISH");
  expect(events).toHaveLength(1);
  expect(events?.[0]).toMatchObject({ summary: "Jour fixe; 中文,\nline", location: "Room 1" });
  expect(text).toContain("DTSTART:20260330T070000Z\r\nDTEND:20260330T074500Z");

  const etag = first.headers.get("etag") as string;
  clock.advance({ hours: 1 });
  expect((await get(path, { "if-none-match": `W/"x", ${etag}` })).status).toBe(304);
  await activity.update((await activity.first({ where: { ownerId: ada.id } }))?.id as string, {
    location: "Room 2",
  });
  expect((await get(path, { "if-none-match": etag })).status).toBe(200);

  // What he may see now, and not when the link was made.
  const [assignment] = (await roleAssignment.find({ where: { userId: ada.id } })).items;
  await roleAssignment.delete(assignment?.id as string);
  expect(parse(await (await get(path)).text()).events ?? []).toEqual([]);
  await roleAssignment.create({ userId: ada.id, role: "caller" });

  expect((await get(`${path.slice(0, -2)}xx`)).status).toBe(404);
  // Nobody else takes it back; a new link ends the old one.
  expect(await as(bob.id).run(revokeCalendarFeed, {})).toEqual({ revoked: 0 });
  expect((await get(path)).status).toBe(200);
  const next = await as(ada.id).run(issueCalendarFeed, {});
  expect((await get(path)).status).toBe(404);
  expect((await get(next.path)).status).toBe(200);
  await user.update(ada.id, { active: false });
  expect((await get(next.path)).status).toBe(404);
  await user.update(ada.id, { active: true });
  expect(await as(ada.id).run(revokeCalendarFeed, {})).toEqual({ revoked: 1 });
  expect((await get(next.path)).status).toBe(404);
  const more = await Promise.all(Array.from({ length: 12 }, () => get(next.path)));
  expect(more.map(({ status }) => status)).toContain(429);
});

it("invites, tells of changes and cancels, each with a higher sequence", async () => {
  const { crm, me, clock, mails, failing } = test;
  const { user, contact, activity, activityInvitation } = me.entities;
  const owner = await user.create({ name: 'Ada "the" Owner' });
  const { id: contactId } = await contact.create({
    firstName: "Bo",
    lastName: "Li",
    email: "Bo@Example.org",
  });
  const call = await activity.create({
    kind: "call",
    subject: "Offer",
    dueAt: "2026-03-10T09:00:00Z",
    ownerId: owner.id,
    contactId,
  });
  const run = () => runJobs({ crm, clock });
  const last = () => {
    const mail = mails.at(-1);
    const { method, events } = parse(mail?.calendar?.content ?? "");
    return {
      to: mail?.to.address,
      method,
      sequence: events?.[0]?.sequence,
      status: events?.[0]?.status,
      uid: events?.[0]?.uid,
    };
  };
  expect(await activity.invite(call.id, {})).toEqual({ invited: 1 });
  failing.next = "later";
  await run();
  expect(mails).toHaveLength(0);
  clock.advance({ minutes: 5 });
  await run();
  expect(last()).toMatchObject({ to: "bo@example.org", method: "REQUEST", sequence: 1, status: "CONFIRMED" });
  expect(mails[0]?.calendar?.method).toBe("REQUEST");
  expect(mails[0]?.calendar?.content).toContain(`ORGANIZER;CN="Ada 'the' Owner":mailto:calendar@example.com`);
  // Asked again nobody is written to twice.
  expect(await activity.invite(call.id, {})).toEqual({ invited: 0 });

  const reply = (rest: {
    from?: string;
    address?: string;
    sequence: number;
    stamp: string;
    partstat?: string;
    method?: string;
  }) =>
    activityInvitation.receiveReply({
      from: rest.from ?? "bo@example.org",
      calendar: [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//X//X//EN",
        `METHOD:${rest.method ?? "REPLY"}`,
        "BEGIN:VEVENT",
        `UID:${call.id}@activity.corm`,
        `DTSTAMP:${rest.stamp}`,
        "DTSTART:20260310T090000Z",
        `SEQUENCE:${rest.sequence}`,
        `ATTENDEE;PARTSTAT=${rest.partstat ?? "ACCEPTED"}:mailto:${rest.address ?? "BO@example.org"}`,
        "END:VEVENT",
        "END:VCALENDAR",
        "",
      ].join("\r\n"),
    });
  const state = async () =>
    (await activityInvitation.first({ where: { activityId: call.id, address: "bo@example.org" } }))?.status;
  expect(await reply({ sequence: 1, stamp: "20260302T100000Z", from: "eve@example.org" })).toEqual({
    outcome: "unknown",
  });
  expect(await reply({ sequence: 1, stamp: "20260302T100000Z", method: "REQUEST" })).toEqual({
    outcome: "unknown",
  });
  expect(await reply({ sequence: 1, stamp: "20260302T100000Z" })).toEqual({ outcome: "kept" });
  expect(await state()).toBe("accepted");
  expect(await reply({ sequence: 1, stamp: "20260302T095959Z", partstat: "DECLINED" })).toEqual({
    outcome: "outdated",
  });
  expect(
    await activityInvitation.receiveReply({
      from: "bo@example.org",
      calendar: "BEGIN:VCALENDAR\r\nnonsense",
    }),
  ).toEqual({ outcome: "unknown" });

  // Moved: asked anew. An answer to the old time says nothing of the new one.
  await activity.update(call.id, { dueAt: "2026-03-11T09:00:00Z" });
  await run();
  expect(last()).toMatchObject({ method: "REQUEST", sequence: 2, uid: `${call.id}@activity.corm` });
  expect(await state()).toBe("needsAction");
  expect(await reply({ sequence: 1, stamp: "20260302T110000Z" })).toEqual({ outcome: "outdated" });
  expect(await reply({ sequence: 2, stamp: "20260302T110000Z", partstat: "TENTATIVE" })).toEqual({
    outcome: "kept",
  });
  // Another subject is told, and the answer stays; two changes before the mail goes are one.
  await activity.update(call.id, { subject: "Offer 2" });
  await activity.update(call.id, { subject: "Offer 3" });
  await run();
  expect(last()).toMatchObject({ sequence: 4 });
  expect(mails).toHaveLength(3);
  expect(await state()).toBe("tentative");
  await activity.update(call.id, { doneAt: "2026-03-03T00:00:00Z" });
  await run();
  expect(mails).toHaveLength(3);

  expect(await activity.uninvite(call.id, { addresses: ["bo@EXAMPLE.org", "nobody@example.org"] })).toEqual({
    cancelled: 1,
  });
  await run();
  expect(last()).toMatchObject({ method: "CANCEL", sequence: 5, status: "CANCELLED" });
  expect(await reply({ sequence: 5, stamp: "20260302T120000Z" })).toEqual({ outcome: "outdated" });
  expect(
    await activity.invite(call.id, {
      guests: [{ address: "bo@example.org" }, { name: "Cy", address: "cy@example.org" }],
    }),
  ).toEqual({ invited: 2 });
  await run();
  expect(last()).toMatchObject({ method: "REQUEST", sequence: 6 });
  // A guest does not answer for another one.
  expect(await reply({ sequence: 6, stamp: "20260302T130000Z", from: "cy@example.org" })).toEqual({
    outcome: "unknown",
  });
  await activity.delete(call.id);
  await run();
  expect(
    mails
      .slice(-2)
      .map(({ to, calendar }) => [to.address, calendar?.method])
      .sort(),
  ).toEqual([
    ["bo@example.org", "CANCEL"],
    ["cy@example.org", "CANCEL"],
  ]);
  await expect(
    activityInvitation.create({ activityId: call.id, address: "x@example.org" }),
  ).rejects.toMatchObject({ code: "document-is-written" });
});

it("tells guests of an occurrence when its series moves", async () => {
  const { crm, me, clock, mails } = test;
  const { activity, activitySeries } = me.entities;
  const { id } = await activitySeries.create({
    ...{ kind: "meeting", subject: "Weekly", startsAt: "2026-03-03T09:00:00", timeZone: "Europe/Berlin" },
    rule: "FREQ=WEEKLY;COUNT=5",
  });
  const rows = (await activity.find({ where: { seriesId: id }, orderBy: ["dueAt"] })).items;
  await activity.invite(rows[4]?.id as string, { guests: [{ address: "cy@example.org" }] });
  await activity.changeSeries(rows[1]?.id as string, {
    scope: "following",
    change: { startsAt: "2026-03-10T10:00:00" },
  });
  await runJobs({ crm, clock });
  // Summer time has begun by then.
  expect(mails.map(({ calendar }) => /DTSTART:(\w+)/.exec(calendar?.content ?? "")?.[1])).toEqual([
    "20260331T080000Z",
  ]);
});
