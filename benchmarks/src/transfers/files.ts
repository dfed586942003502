import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** One in ten of the file with duplicates has come before, under another spelling. */
export const KNOWN = 10;

const whoOf = (n: number): number => (n % KNOWN === KNOWN - 1 ? n - 1 : n);

const csvOf = (n: number): string =>
  `Maria ${n},Lopez-${n},P${n}@Example.com,+49 30 ${1_000_000 + n},Head of ${n % 50},19${70 + (n % 30)}-01-02\n`;

function csvWithDuplicatesOf(n: number): string {
  const who = whoOf(n);
  const email = who === n ? `p${who}@example.com` : `P${who}@EXAMPLE.com`;
  return `Maria ${n},Lopez-${n},${email},+49 30 ${1_000_000 + who},Head of ${n % 50},\n`;
}

const vcardOf = (n: number): string =>
  `BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Maria ${n} Lopez-${n}\r\nN:Lopez-${n};Maria ${n};;;\r\nEMAIL:p${n}@example.com\r\nTEL:+49 30 ${1_000_000 + n}\r\nTITLE:Head of ${n % 50}\r\nEND:VCARD\r\n`;

const HEADER = "firstName,lastName,email,phone,title,birthday\n";

/** What a file begins with, and its records. */
const CONTENT = {
  plain: [HEADER, csvOf],
  duplicates: [HEADER, csvWithDuplicatesOf],
  cards: ["", vcardOf],
} as const;

/** Writes a file of so many people, and answers nothing: what reads it is a process of its own. */
export async function writePeople(path: string, kind: keyof typeof CONTENT, count: number): Promise<void> {
  const [header, recordOf] = CONTENT[kind];
  async function* chunks(): AsyncGenerator<string> {
    let chunk: string = header;
    for (let n = 0; n < count; n++) {
      chunk += recordOf(n);
      if (chunk.length < 65_536) continue;
      yield chunk;
      chunk = "";
    }
    yield chunk;
  }
  await pipeline(chunks(), createWriteStream(path));
}
