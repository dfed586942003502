import { progress } from "@clack/prompts";

/** Shows how far an import has come, on standard error, where that is a terminal. */
export interface Progress {
  /** Rows done so far. */
  at(done: number): void;
  end(message: string): void;
}

/** Narrower terminals, and those that do not say how wide they are, would break the bar into pieces. */
const MIN_COLUMNS = 60;

/** True where a bar can be drawn. */
export function canShowProgress(): boolean {
  return process.stderr.isTTY && process.stderr.columns >= MIN_COLUMNS;
}

/** @param total rows to come, as far as they can be told */
export function showProgress(message: string, total: number): Progress {
  if (!canShowProgress()) return { at: () => {}, end: () => {} };
  const bar = progress({ max: Math.max(total, 1), output: process.stderr, indicator: "dots" });
  let shown = 0;
  bar.start(message);
  return {
    at(done) {
      const now = Math.min(done, total);
      bar.advance(now - shown, `${message}: ${done.toLocaleString("en-US")}`);
      shown = now;
    },
    end: (last) => bar.stop(last),
  };
}
