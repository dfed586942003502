import { clientErrors } from "../errors.js";

/** One event of a `text/event-stream`. */
export interface ServerEvent {
  /** `message` where the server names none. */
  readonly type: string;
  readonly data: string;
  /** The last one that the stream has named, for `Last-Event-ID`. */
  readonly id: string;
}

export interface EventReader {
  /** Takes the next piece of text, however it is cut, and answers the events that it completes. */
  take(text: string): ServerEvent[];
  /** The pause before connecting again, where the server has said one. */
  readonly retryMs: number | undefined;
  readonly lastId: string;
}

/** Longest event that is read: a stream that never ends one must not fill the memory. */
const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

/** The `text/event-stream` format as the HTML standard defines it. @throws unexpected-answer for an endless event */
export function createEventReader(lastId = ""): EventReader {
  let rest = "";
  let first = true;
  let broken = false;
  let id = lastId;
  let type = "";
  let data: string[] = [];
  let size = 0;
  let retryMs: number | undefined;

  function line(text: string, found: ServerEvent[]): void {
    if (text === "") {
      if (data.length > 0) found.push({ type: type || "message", data: data.join("\n"), id });
      type = "";
      data = [];
      size = 0;
      return;
    }
    const colon = text.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(text[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") {
      data.push(value);
      size += value.length;
      limit(size);
    } else if (field === "event") type = value;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^\d{1,9}$/.test(value)) retryMs = Number(value);
  }

  return {
    take(text) {
      const found: ServerEvent[] = [];
      rest += text;
      if (first && rest !== "") {
        first = false;
        if (rest.startsWith("\uFEFF")) rest = rest.slice(1);
      }
      // The line feed of a carriage return that has ended a line already.
      if (broken && rest !== "") {
        broken = false;
        if (rest.startsWith("\n")) rest = rest.slice(1);
      }
      let start = 0;
      const ends = /\r\n|\r|\n/g;
      for (let end = ends.exec(rest); end !== null; end = ends.exec(rest)) {
        line(rest.slice(start, end.index), found);
        start = ends.lastIndex;
        broken = end[0] === "\r" && start === rest.length;
      }
      rest = rest.slice(start);
      limit(rest.length);
      return found;
    },
    get retryMs() {
      return retryMs;
    },
    get lastId() {
      return id;
    },
  };
}

function limit(size: number): void {
  if (size > MAX_EVENT_CHARACTERS)
    throw clientErrors.unexpectedAnswer(200, "The stream of changes sends an event without end.");
}
