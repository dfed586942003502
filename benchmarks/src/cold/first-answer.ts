import { get } from "node:http";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import { headers } from "../app/identity.js";

/** Opens a filled database, serves it, answers one request for a record, and says how much memory and processor time that took. */
export async function firstAnswer(open: (path: string) => Hono | Promise<Hono>): Promise<void> {
  const [, , path = "", id = ""] = process.argv;
  const app = await open(path);
  const port = await new Promise<number>((resolve) => {
    serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, (address) => resolve(address.port));
  });
  const answer = await ask(`http://127.0.0.1:${port}/api/contacts/${id}`);
  if ((JSON.parse(answer) as { id?: unknown }).id !== id)
    throw new Error(`The first answer is wrong: ${answer}`);
  const { user, system } = process.cpuUsage();
  const told = { memory: process.memoryUsage().rss, cpu: user + system };
  process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit());
}

/** By `node:http`, which the server has loaded: `fetch` takes longer to load than the answer. */
function ask(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { headers }, async (response) => {
      let text = "";
      for await (const chunk of response.setEncoding("utf8")) text += chunk;
      resolve(text);
    }).on("error", reject);
  });
}
