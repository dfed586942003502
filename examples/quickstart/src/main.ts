import { resolve } from "node:path";
import { run } from "./run.js";

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  output: resolve(".data"),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  untilStopped: () =>
    new Promise((stop) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop());
    }),
});
