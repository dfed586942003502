/**
 * The probability that somebody who was won is ranked above somebody who was lost; ties count half. NaN where there are
 * not both.
 */
export function auc(scores: ArrayLike<number>, outcomes: ArrayLike<number>): number {
  const order = Array.from({ length: scores.length }, (_, i) => i);
  order.sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let [rankSum, won] = [0, 0];
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && scores[order[end] as number] === scores[order[start] as number]) end++;
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) {
      if (outcomes[order[i] as number] !== 1) continue;
      rankSum += rank;
      won++;
    }
    start = end;
  }
  const lost = order.length - won;
  return (rankSum - (won * (won + 1)) / 2) / (won * lost);
}

/** The mean squared distance of probabilities and outcomes (Brier 1950): 0 is certainty that comes true. */
export function brier(probabilities: ArrayLike<number>, outcomes: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < outcomes.length; i++)
    sum += ((probabilities[i] as number) - (outcomes[i] as number)) ** 2;
  return sum / outcomes.length;
}

export interface CalibrationRow {
  readonly count: number;
  /** Mean of what was predicted. */
  readonly predicted: number;
  /** Share of what came true. */
  readonly observed: number;
}

/** Tenths of the samples, by probability: what was predicted, and what came of it. */
export function calibrationTable(
  probabilities: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  bins = 10,
): CalibrationRow[] {
  const order = Array.from({ length: outcomes.length }, (_, i) => i);
  order.sort((a, b) => (probabilities[a] as number) - (probabilities[b] as number));
  return Array.from({ length: bins }, (_, bin) => {
    const rows = order.slice(
      Math.floor((bin * order.length) / bins),
      Math.floor(((bin + 1) * order.length) / bins),
    );
    const mean = (values: ArrayLike<number>) =>
      rows.reduce((sum, i) => sum + (values[i] as number), 0) / (rows.length || 1);
    return { count: rows.length, predicted: mean(probabilities), observed: mean(outcomes) };
  }).filter(({ count }) => count > 0);
}
