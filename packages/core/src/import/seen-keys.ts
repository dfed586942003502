/** Keys that are remembered: 48 MiB at most. */
const MOST = 3_000_000;

/**
 * Remembers the row in which each key came first: 16 bytes a key instead of its text. Two keys are taken for one with
 * a chance of one in 4,000,000 for a file of a million rows. It stops learning at three million keys: a repeat of a
 * later one is not told.
 */
export class SeenKeys {
  #slots = 1024;
  #size = 0;
  /** Three numbers a slot: 64 bits of hash, and the row plus one; 0 is an empty slot. */
  #table = new Uint32Array(this.#slots * 3);

  /** The earlier row of this key, or undefined where this is the first. */
  first(key: string, row: number): number | undefined {
    const [high, low] = hash64(key);
    const place = this.#find(high, low);
    const earlier = this.#table[place + 2] as number;
    if (earlier !== 0) return earlier - 1;
    if (this.#size >= MOST) return undefined;
    this.#put(place, high, low, row + 1);
    this.#size += 1;
    if (this.#size > this.#slots * 0.7) this.#grow();
    return undefined;
  }

  #find(high: number, low: number): number {
    const table = this.#table;
    for (let slot = low & (this.#slots - 1); ; slot = (slot + 1) & (this.#slots - 1)) {
      const place = slot * 3;
      if (table[place + 2] === 0 || (table[place] === high && table[place + 1] === low)) return place;
    }
  }

  #put(place: number, high: number, low: number, row: number): void {
    this.#table[place] = high;
    this.#table[place + 1] = low;
    this.#table[place + 2] = row;
  }

  #grow(): void {
    const old = this.#table;
    this.#slots *= 2;
    this.#table = new Uint32Array(this.#slots * 3);
    for (let place = 0; place < old.length; place += 3) {
      const row = old[place + 2] as number;
      if (row === 0) continue;
      const [high, low] = [old[place] as number, old[place + 1] as number];
      this.#put(this.#find(high, low), high, low, row);
    }
  }
}

/** Two hashes of 32 bits each. Not for secrets: whoever makes a file collide loses a row of his own. */
export function hash64(text: string, high = 0x9e3779b9, low = 0x85ebca6b): [high: number, low: number] {
  let a = high;
  let b = low;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x5bd1e995);
    b ^= b >>> 15;
  }
  a ^= a >>> 16;
  a = Math.imul(a, 0x7feb352d);
  a ^= a >>> 15;
  b = Math.imul(b ^ (b >>> 13), 0x846ca68b);
  b ^= b >>> 16;
  return [a >>> 0, b >>> 0];
}
