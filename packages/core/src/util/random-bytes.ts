import { randomBytes } from "node:crypto";

/** Gives `size` random bytes. */
export type RandomBytes = (size: number) => Uint8Array;

/** The operating system's randomness, fit for secrets. */
export const cryptoRandom: RandomBytes = (size) => randomBytes(size);

/**
 * The same bytes for the same seed, on every machine: for tests and repeatable data sets. **Never for secrets.**
 *
 * @param seed a whole number; its lowest 32 bits count.
 */
export function seededRandom(seed: number): RandomBytes {
  let state = seed >>> 0;
  const nextWord = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let word = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return (word ^ (word >>> 15)) >>> 0;
  };
  return (size) => {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 4) {
      const word = nextWord();
      for (let i = 0; i < 4 && at + i < size; i++) bytes[at + i] = (word >>> (8 * i)) & 0xff;
    }
    return bytes;
  };
}
