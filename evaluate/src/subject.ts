/** One line of the table. */
export interface Line {
  /** What was evaluated on which part of the data. */
  readonly what: string;
  /** How Corm does it. */
  readonly method: string;
  /** What was done to the data before; "none" for records as they came. */
  readonly preprocessing: string;
  /** Name of the figure: accuracy, F1, AUC. */
  readonly measure: string;
  readonly figure: number;
  /** The published or given figure on the same data. */
  readonly reference: number;
  /** What reached the reference. */
  readonly by: string;
  /** Digits after the point that the figures are compared with. Default 3. */
  readonly digits?: number;
  /** True where less is better, as of errors. */
  readonly lower?: boolean;
}

/** Something that is evaluated: one file of `subjects/` each. */
export interface Subject {
  readonly name: string;
  /** Folders of the data that it reads; where one is missing, the table says so. */
  readonly needs: readonly string[];
  run(data: (path: string) => string): Promise<readonly Line[]> | readonly Line[];
}
