import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventReader, type ServerEvent } from "./parse-events.js";

const read = (...pieces: string[]) => {
  const reader = createEventReader();
  return { events: pieces.flatMap((piece) => reader.take(piece)), reader };
};
const datas = (...pieces: string[]) => read(...pieces).events.map(({ data }) => data);

describe("the format of event streams", () => {
  it("reads fields, comments and events without data", () => {
    const { events, reader } = read(
      ": hello\n\nid: 1\nevent: change\ndata: a\ndata:  b\nother: x\n\nid: 2\n\ndata\n\nretry: 1500\nretry: x\n\n",
    );
    expect(events).toEqual([
      { type: "change", data: "a\n b", id: "1" },
      { type: "message", data: "", id: "2" },
    ]);
    expect([reader.retryMs, reader.lastId]).toEqual([1500, "2"]);
  });

  it("takes every line ending, a byte order mark, and an id with NUL for none", () => {
    expect(datas("\uFEFFdata: 1\r\n\r\ndata: 2\r\rdata: 3\n\n")).toEqual(["1", "2", "3"]);
    expect(read("id: 7\n\nid: 8\0\ndata: x\n\n").events[0]?.id).toBe("7");
  });

  it("answers an event as soon as its last line ends, though a line feed may follow", () => {
    const reader = createEventReader();
    expect(reader.take("data: 1\r\n\r").map(({ data }) => data)).toEqual(["1"]);
    expect(reader.take("\ndata: 2\n\n").map(({ data }) => data)).toEqual(["2"]);
  });

  it("drops what the end of the stream has cut off", () => {
    expect(datas("data: 1\n\ndata: 2\n")).toEqual(["1"]);
  });

  it("gives up on an event that never ends", () => {
    const reader = createEventReader();
    const line = `data: ${"x".repeat(1 << 20)}\n`;
    expect(() => {
      for (let n = 0; n < 20; n++) reader.take(line);
    }).toThrow("without end");
    expect(() => createEventReader().take("x".repeat(17 << 20))).toThrow("without end");
  });
});

it("reads the same however the stream is cut", () => {
  const ending = fc.constantFrom("\n", "\r\n", "\r");
  const text = fc.string({ unit: fc.constantFrom("a", " ", ":", "ä"), maxLength: 6 });
  const event = fc.record({
    id: fc.integer({ min: 1, max: 99 }),
    lines: fc.array(text, { minLength: 1, maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 6 }), ending, fc.array(fc.nat(30)), (events, end, cuts) => {
      const stream = events
        .map(({ id, lines }) => [`id: ${id}`, ...lines.map((line) => `data: ${line}`), "", ""].join(end))
        .join("");
      const pieces: string[] = [];
      let rest = stream;
      for (const cut of cuts) {
        pieces.push(rest.slice(0, cut));
        rest = rest.slice(cut);
      }
      const expected: ServerEvent[] = events.map(({ id, lines }) => ({
        type: "message",
        data: lines.join("\n"),
        id: String(id),
      }));
      expect(read(...pieces, rest).events).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
