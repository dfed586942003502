import { type Context, toInstant } from "@corm/core";
import { workflowMeter } from "../entities/workflow-run.js";
import { settingsOf } from "../services/settings.js";

const HOUR_MS = 3_600_000;
/** Hours that are looked at for room: what does not fit begins in the last one all the same, and nothing is lost. */
const AHEAD = 720;

/**
 * When so many runs begin: at once while the tenant has room in this hour, the others in the next hours that have. In the
 * order in which they were asked for; in a transaction.
 */
export async function startTimes(books: Context, count: number): Promise<string[]> {
  const limit = settingsOf(books).runsPerHour;
  const meters = books.repo(workflowMeter);
  const now = books.clock.now();
  const first = Math.floor(now / HOUR_MS) * HOUR_MS;
  const times: string[] = [];
  for (let n = 0; times.length < count; n++) {
    const start = first + n * HOUR_MS;
    const hour = toInstant(start).slice(0, 13);
    const found = await meters.first({ where: { hour } });
    // Locked, so that two who begin runs do not both take the last place.
    const meter = found
      ? await meters.get(found.id, { lock: true })
      : (await meters.upsertMany([{ hour }], ["hour"]))[0];
    if (!meter) throw new Error(`no meter for ${hour}`);
    const left = count - times.length;
    const room = n === AHEAD ? left : Math.min(left, Math.max(0, limit - meter.started));
    if (room === 0) continue;
    await meters.update(meter.id, { started: meter.started + room });
    for (let k = 0; k < room; k++) times.push(toInstant(Math.max(start, now)));
  }
  return times;
}
