import { InvalidArgument } from "../errors/value-errors.js";
import { type Clock, systemClock } from "./clock.js";
import { cryptoRandom, type RandomBytes } from "./random-bytes.js";

/** Makes record ids. */
export interface Ids {
  /** A UUIDv7 greater than every one this generator made before. */
  next(): string;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Two bytes start the counter, eight fill the tail. */
const BYTES_PER_ID = 10;
const POOLED_IDS = 512;
const MAX_TIME = 2 ** 48 - 1;

/**
 * A generator of strictly increasing UUIDv7 (RFC 9562, method 1: a 12-bit counter in `rand_a`).
 *
 * The counter starts at random in its lower half each millisecond, and counts on while the clock stands or goes
 * back. When it is full the time field runs ahead by one millisecond; it never waits. Two generators do not
 * know each other: 62 random bits of each id keep them apart.
 *
 * @throws InvalidArgument from `next()` when the clock gives no time between 1970 and 10889.
 */
export function createIds(options: { readonly clock?: Clock; readonly random?: RandomBytes } = {}): Ids {
  const { clock = systemClock, random = cryptoRandom } = options;
  let pool: Uint8Array = new Uint8Array(0);
  let at = 0;
  let time = Number.NEGATIVE_INFINITY;
  let counter = 0;
  let timeText = "";

  const enter = (next: number): void => {
    time = next;
    timeText = timeField(next);
    counter = counterSeed(pool, at);
  };

  return {
    next() {
      if (at + BYTES_PER_ID > pool.length) {
        pool = random(BYTES_PER_ID * POOLED_IDS);
        at = 0;
      }
      const now = clock.now();
      // Also true for NaN, which the check then refuses.
      if (!(now <= time)) enter(checkTime(now));
      else if (counter < 0xfff) counter += 1;
      else enter(time + 1);
      const id = timeText + counterField(counter) + tailField(pool, at + 2);
      at += BYTES_PER_ID;
      return id;
    },
  };
}

/**
 * One UUIDv7 of a moment, without a memory: two of the same millisecond are in no order. Use `createIds` for rows.
 *
 * @param now epoch milliseconds
 * @throws InvalidArgument when `now` is no time between 1970 and 10889.
 */
export function uuidv7(now: number, random: RandomBytes = cryptoRandom): string {
  const bytes = random(BYTES_PER_ID);
  return timeField(checkTime(now)) + counterField(counterSeed(bytes, 0)) + tailField(bytes, 2);
}

/** What no UUIDv7 of that moment or a later one is smaller than. @param now epoch milliseconds */
export function lowestUuid(now: number): string {
  return `${timeField(checkTime(now))}7000-8000-000000000000`;
}

/** Whether a text is a UUID in canonical form: lower case, RFC 9562 version and variant. */
export function isUuid(text: unknown): text is string {
  return typeof text === "string" && text.length === 36 && UUID.test(text);
}

function checkTime(now: number): number {
  if (Number.isInteger(now) && now >= 0 && now <= MAX_TIME) return now;
  throw InvalidArgument({ argument: "now", reason: `${now} is not a time in epoch milliseconds` });
}

function counterSeed(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! & 0x07) << 8) | bytes[at + 1]!;
}

function timeField(time: number): string {
  const text = time.toString(16).padStart(12, "0");
  return `${text.slice(0, 8)}-${text.slice(8)}-`;
}

function counterField(counter: number): string {
  return `${HEX[0x70 | (counter >> 8)]}${HEX[counter & 0xff]}-`;
}

function tailField(bytes: Uint8Array, at: number): string {
  return (
    HEX[(bytes[at]! & 0x3f) | 0x80]! +
    HEX[bytes[at + 1]!] +
    "-" +
    HEX[bytes[at + 2]!] +
    HEX[bytes[at + 3]!] +
    HEX[bytes[at + 4]!] +
    HEX[bytes[at + 5]!] +
    HEX[bytes[at + 6]!] +
    HEX[bytes[at + 7]!]
  );
}
