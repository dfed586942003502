import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SAMPLE } from "../data/folder.js";
import { makeData, SAMPLE_OPTIONS } from "./make-data.js";

await mkdir(SAMPLE, { recursive: true });
for (const [name, text] of Object.entries(makeData(SAMPLE_OPTIONS)))
  await writeFile(join(SAMPLE, name), text);
