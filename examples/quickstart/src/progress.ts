import { progress } from "@clack/prompts";

/** Shows how far an import has come, on standard error, where that is a terminal. */
export interface Progress {
  /** Rows done so far. */
  at(done: number): void;
  end(message: string): void;
}

/** @param total rows to come, as far as they can be told */
export function showProgress(message: string, total: number): Progress {
  if (!process.stderr.isTTY) return { at: () => {}, end: () => {} };
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
