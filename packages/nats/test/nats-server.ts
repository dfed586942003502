import { randomUUID } from "node:crypto";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll } from "vitest";
import { isMissing } from "../src/journal-stream.js";
import { namesOf } from "../src/names.js";

const servers = process.env["NATS_URL"] ?? "127.0.0.1:4222";

export const connectNats = (): Promise<NatsConnection> =>
  connect({ servers, reconnect: false, timeout: 1000 });

const nats = await connectNats().catch(() => undefined);
if (!nats) console.info("skipped: no NATS");
await nats?.close();
/** In CI the server has to be there. */
export const missing = !nats && process.env["CI"] !== "true";
export const title = missing ? "on NATS (skipped: no NATS)" : "on NATS";

/** A connection for the tests of a file. */
export async function connection(): Promise<NatsConnection> {
  if (missing) return undefined as unknown as NatsConnection;
  const own = await connectNats();
  afterAll(() => own.close());
  return own;
}

/** A name that nobody else uses. */
export const freshName = (): string => `t${randomUUID().slice(0, 8)}`;

/** Takes away what a fan-out keeps in NATS, as a server that lost its disk would. */
export async function wipe(own: NatsConnection, name: string): Promise<void> {
  const jsm = await jetstreamManager(own);
  const { stream, deadStream } = namesOf(name);
  for (const each of [stream, deadStream]) {
    await jsm.streams.delete(each).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }
}
