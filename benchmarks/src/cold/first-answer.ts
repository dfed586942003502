import type { Contender } from "../contenders/contender.js";

/** Opens a filled database, answers one question, and says how much memory that took. */
export async function firstAnswer(open: (path: string) => Promise<Contender>): Promise<void> {
  const [, , path = "", id = ""] = process.argv;
  const contender = await open(path);
  const answer = (await contender.get(id)) as { id?: unknown } | undefined;
  if (answer?.id !== id) throw new Error("The first answer is wrong.");
  const memory = process.memoryUsage().rss;
  process.stdout.write(`${JSON.stringify({ memory })}\n`);
  await contender.close();
}
