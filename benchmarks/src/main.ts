import { readdirSync } from "node:fs";
import { Bench } from "tinybench";

/** What a `*.bench.ts` file exports as default: it adds its tasks to the bench. */
export type Register = (bench: Bench) => void | Promise<void>;

/** `npm run bench [-- name]` runs every `*.bench.ts` of this folder whose name contains `name`. */
const [wanted = ""] = process.argv.slice(2);
const files = readdirSync(import.meta.dirname).filter(
  (file) => file.endsWith(".bench.ts") && file.includes(wanted),
);
if (files.length === 0) console.log(`No benchmark is called "${wanted}".`);

for (const file of files.sort()) {
  const { default: register } = (await import(`./${file}`)) as { default: Register };
  const bench = new Bench({ name: file.slice(0, -".bench.ts".length), throws: true });
  await register(bench);
  await bench.run();
  console.log(bench.name);
  console.table(bench.table());
}
