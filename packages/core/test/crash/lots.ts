/** Kills on one database. After each all of it is read again: one database for 1,000 would cost the square of them. */
export const lot = 40;

/** First and end of each lot of so many rounds. */
export function lotsOf(rounds: number): [first: number, end: number][] {
  const end = Math.ceil(rounds);
  const lots: [number, number][] = [];
  for (let first = 0; first < end; first += lot) lots.push([first, Math.min(first + lot, end)]);
  return lots;
}
