import { createReadStream } from "node:fs";
import { crmCore, importFile, listImports, resumeImport } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { storageAt } from "../support/databases.js";

/** Imports a file, or goes on with the import that was begun; says how far it is after each batch. */
const [argument = ""] = process.argv.slice(2);
const { url, path } = JSON.parse(argument) as { url: string; path: string };
const { crm, me, clock } = await createTestCrm({ plugins: [crmCore()], storage: storageAt(url) });
// A job of a process that was killed counts as lost after a minute.
clock.advance({ hours: Number(process.env["HOURS"] ?? 0) });
const [begun] = (await listImports(me)).items;
async function* bytes(): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 8_192 })) {
    read += (chunk as Buffer).length;
    process.stdout.write(`${read}\n`);
    yield chunk as Buffer;
  }
}
const options = { format: "csv", mode: "create" } as const;
const status = begun
  ? await resumeImport(me, begun.id, bytes())
  : await importFile(me, { name: "contact" }, bytes(), options);
process.stdout.write(`end ${JSON.stringify(status)}\n`);
await crm.stop();
