/** A picture as data. Numbers are plain; `format` writes them for people. */
export interface Chart {
  readonly kind: "bar" | "line" | "ranking" | "funnel";
  readonly title: string;
  /** What one sees in it, in a sentence, for people who do not. */
  readonly description: string;
  readonly categories: readonly string[];
  /** One value per category; null leaves a gap. */
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
  /** Words beside each category, of rankings and funnels; default the short form of its number. */
  readonly notes?: readonly string[];
  readonly format: (value: number) => string;
  /** Shorter form for axes. */
  readonly short: (value: number) => string;
}
