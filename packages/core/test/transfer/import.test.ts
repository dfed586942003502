import { expect, it } from "vitest";
import { onEngines } from "../http/support/on-engines.js";
import type { Json } from "../http/support/start.js";

const CSV = { "content-type": "text/csv" };

onEngines((api) => {
  const me = () => api().me.entities.parcel;
  const send = (query: string, body: unknown, headers: Record<string, string> = CSV) =>
    api().call("POST", `/api/parcels/import${query}`, { body, headers });
  const errorsOf = async (job: Json) => (await api().call("GET", `/api/imports/${job["id"]}/errors`)).text;

  it("takes the good rows, and answers every other with its reason", async () => {
    const { id: accountId } = await api().me.entities.account.create({ name: "Acme" });
    const file = [
      "code,state,note,weight,fragile,dueOn,price,price.currency,accountId,box",
      `I1,sent,"two\nlines, ""quoted""",3,true,2026-02-01,-12.5,EUR,${accountId},"{""width"":2}"`,
      "I2,,,,,,,,,",
      "I3,lost,'=1+1,,,,,,,",
      "I,,,,,,,,,",
      "I5,odd,,x,,,,,,",
      "I6,,,,,2026-02-30,,,,",
      "I7,,,,,,1.005,EUR,,",
      "I8,,,,,,,,00000000-0000-7000-8000-00000000dead,",
      "I9,,,,,,,,,not json",
      "I10,short",
      'I11,x "y",,,,,,,,',
      "I1,,,,,,,,,",
      "VETO,,,,,,,,,",
    ].join("\r\n");
    const { status, body, headers } = await send("", file);
    expect([status, body]).toEqual([
      202,
      {
        id: body["id"],
        entity: "parcel",
        state: "finished",
        mode: "create",
        dryRun: false,
        done: 13,
        accepted: 3,
        rejected: 10,
        skipped: 0,
        matched: 0,
        reverted: 0,
        kept: 0,
        percent: 100,
        rowsPerSecond: null,
        remainingSeconds: 0,
        problem: null,
        startedAt: "2026-01-05T09:00:00.000Z",
        finishedAt: "2026-01-05T09:00:00.000Z",
      },
    ]);
    expect(headers.get("location")).toBe(`/api/imports/${body["id"]}`);
    expect((await api().call("GET", `/api/imports/${body["id"]}`)).body).toEqual(body);
    const { items } = await me().find({ where: { code: { startsWith: "I" } }, orderBy: ["code"] });
    expect(items).toMatchObject([
      {
        code: "I1",
        state: "sent",
        note: 'two\nlines, "quoted"',
        weight: 3,
        fragile: true,
        dueOn: "2026-02-01",
        price: { amount: "-12.50", currency: "EUR" },
        accountId,
        box: { width: 2 },
      },
      { code: "I2", state: "open", note: null },
      { code: "I3", state: "lost", note: "=1+1" },
    ]);
    const lines = (await errorsOf(body)).trim().split("\r\n");
    expect(lines[0]).toBe(
      "_row,code,state,note,weight,fragile,dueOn,price,price.currency,accountId,box,_reason",
    );
    const expected: [number, string, RegExp][] = [
      [5, "I", /code: /],
      [6, "I5", /state: must be one of.*weight: /],
      [7, "I6", /dueOn: .*not a date/],
      [8, "I7", /price: .*decimal/],
      [9, "I8", /accountId: there is no account/],
      [10, "I9", /box: is not JSON/],
      [11, "I10", /has 2 columns, and the header has 10/],
      [12, "", /quote in the wrong place/],
      [13, "I1", /there is a parcel with this code already|same code/],
      [14, "VETO", /goes nowhere/],
    ];
    expect(lines.length).toBe(expected.length + 1);
    for (const [i, [row, code, reason]] of expected.entries()) {
      expect(lines[i + 1]).toMatch(new RegExp(`^${row + 1},"?${code}`));
      expect(lines[i + 1]).toMatch(reason);
    }
    const corrected = (await errorsOf(body)).split("\r\n").slice(0, 2).join("\r\n").replace(",I,", ",I4,");
    expect((await send("", corrected)).body).toMatchObject({ accepted: 1, rejected: 0 });
  });

  it("changes what is there by a key: update, upsert, by id, and empty cells as asked", async () => {
    await me().createMany([
      { code: "U1", note: "old", weight: 1 },
      { code: "U2", note: "old" },
    ]);
    const update = await send("?mode=update&on=code", "code,note,weight\nU1,new,\nU9,x,\n");
    expect(update.body).toMatchObject({ accepted: 1, rejected: 1 });
    expect(await errorsOf(update.body)).toContain("there is no parcel with code U9");
    expect(await me().first({ where: { code: "U1" } })).toMatchObject({ note: "new", weight: 1, version: 2 });
    const upsert = await send("?mode=upsert&on=code&empty=clear", "code,weight,note\nU1,,y\nU3,5,\nU3,6,\n");
    expect(upsert.body).toMatchObject({ accepted: 2, rejected: 1 });
    expect(await errorsOf(upsert.body)).toContain("has the same code as row 3");
    expect(await me().first({ where: { code: "U1" } })).toMatchObject({ weight: null });
    expect(await me().first({ where: { code: "U3" } })).toMatchObject({ weight: 5 });
    const u2 = await me().first({ where: { code: "U2" } });
    const byId = await send("?mode=update&on=id", `id,note\n${u2?.id.toUpperCase()},by id\nnone,x\n`);
    expect(byId.body).toMatchObject({ accepted: 1, rejected: 1 });
    expect(await me().first({ where: { code: "U2" } })).toMatchObject({ note: "by id" });
  });

  it("reads other names, delimiters, encodings and lines of JSON", async () => {
    const mapping = encodeURIComponent(JSON.stringify({ Nummer: "code", Preis: "price", Egal: null }));
    await send(`?mapping=${mapping}`, "Nummer;Preis;Egal\nM1;1250.50 EUR;x\nM2;7;y\n");
    const found = await me().find({ where: { code: { startsWith: "M" } }, orderBy: ["code"] });
    expect(found.items.map(({ price }) => price)).toEqual([
      { amount: "1250.50", currency: "EUR" },
      { amount: "7.00", currency: "USD" },
    ]);
    const western = Buffer.concat([Buffer.from("code,note\nE1,caf"), Buffer.from([0xe9, 0x0a])]);
    const chinese = Buffer.concat([Buffer.from("code,note\nE2,"), Buffer.from("c4e3bac3cac0bde70a", "hex")]);
    const utf16 = Buffer.from("\uFEFFcode\tnote\nE3\tnaïve\n", "utf16le");
    for (const file of [western, chinese, utf16]) {
      const { body, text } = await send("", new Uint8Array(file));
      expect(body["accepted"], text).toBe(1);
    }
    const notes = await me().find({ where: { code: { startsWith: "E" } }, orderBy: ["code"] });
    expect(notes.items.map(({ note }) => note)).toEqual(["café", "你好世界", "naïve"]);
    const lines =
      '{"code":"J1","price":{"amount":"1","currency":"EUR"},"box":{"width":1}}\n{"code":"J2","colour":1}\nnot\n';
    const json = await send("", lines, { "content-type": "application/x-ndjson" });
    expect(json.body).toMatchObject({ accepted: 1, rejected: 2 });
    expect(await errorsOf(json.body)).toMatch(/no field ""colour""(.|\n|\r)*is not JSON/);
  });

  it("writes nothing in a dry run, and tells the same", async () => {
    const file = "code,weight\nD1,1\nD2,-1\nD1,2\n";
    const dry = await send("?dryRun=true", file);
    expect(dry.body).toMatchObject({ state: "finished", dryRun: true, done: 3, accepted: 1, rejected: 2 });
    expect(await me().count({ code: { startsWith: "D" } })).toBe(0);
    const real = await send("", file);
    expect(real.body).toMatchObject({ accepted: 1, rejected: 2 });
    expect(await errorsOf(real.body)).toBe(await errorsOf(dry.body));
  });

  it("refuses a file as a whole before anything is written", async () => {
    const refuse = async (
      status: number,
      code: string,
      query: string,
      body: unknown,
      headers: object = CSV,
    ) => {
      const before = (await api().call("GET", "/api/imports")).body["data"];
      await api().fails(status, code, "POST", `/api/parcels/import${query}`, {
        body,
        headers: headers as typeof CSV,
      });
      expect((await api().call("GET", "/api/imports")).body["data"]).toEqual(before);
    };
    await refuse(400, "unknown-field", "", "code,colour\nX1,red\n");
    await refuse(400, "unknown-field", "", "code,id\nX1,1\n");
    for (const system of ["id", "tenantId", "createdAt", "updatedAt", "version", "deletedAt"])
      await refuse(400, "unknown-field", "", `code,${system}\nX1,1\n`);
    await refuse(
      400,
      "unknown-field",
      `?mapping=${encodeURIComponent('{"a":"tenantId"}')}`,
      "code,a\nX1,red\n",
    );
    await refuse(400, "invalid-import", "", "");
    await refuse(400, "invalid-import", "", "code,code\nX1,X2\n");
    await refuse(400, "invalid-import", "?mode=upsert", "code\nX1\n");
    await refuse(400, "invalid-import", "?mode=upsert&on=state", "code,state\nX1,open\n");
    await refuse(400, "invalid-import", "?mode=update&on=id", "code\nX1\n");
    await refuse(400, "invalid-import", "?on=code", "code\nX1\n");
    await refuse(400, "invalid-import", "", 'code,"note\nX1,1\n');
    await refuse(400, "invalid-parameter", "?mode=replace", "code\nX1\n");
    await refuse(400, "invalid-parameter", "?mapping=x", "code\nX1\n");
    await refuse(400, "unknown-parameter", "?colour=red", "code\nX1\n");
    await refuse(415, "unsupported-media-type", "", "code\nX1\n", { "content-type": "text/html" });
    await refuse(415, "unsupported-media-type", "", "code\nX1\n", { ...CSV, "content-encoding": "gzip" });
    expect(await me().count({ code: { startsWith: "X" } })).toBe(0);
  });

  it("shows a job to nobody but whoever began it", async () => {
    const { body } = await send("", "code\nS1\nS\n");
    for (const path of [`/api/imports/${body["id"]}`, `/api/imports/${body["id"]}/errors`])
      await api().fails(404, "not-found", "GET", path, { key: api().foreignKey });
    await api().fails(404, "not-found", "POST", `/api/imports/${body["id"]}/resume`, {
      key: api().foreignKey,
      body: "code\nS1\n",
      headers: CSV,
    });
    await api().fails(404, "not-found", "GET", "/api/imports/none");
    const mine = await api().call("GET", "/api/imports?limit=1");
    expect(mine.body["data"]).toMatchObject([{ id: body["id"] }]);
    expect((await api().call("GET", "/api/imports", { key: api().foreignKey })).body["data"]).toEqual([]);
  });
});
