import { randomUUID } from "node:crypto";
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  StorageType,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Names } from "./names.js";

/** A stream as it is at this moment. */
export interface JournalStream {
  /** Begins the subjects of this generation: followed by partition or `head`, and tenant. */
  readonly prefix: string;
  readonly bytes: number;
  /** The newest message. */
  readonly last: number;
}

/** Asked once for each connection. */
export function managerOf(nats: NatsConnection): () => Promise<JetStreamManager> {
  let manager: Promise<JetStreamManager> | undefined;
  return () => {
    manager ??= jetstreamManager(nats).catch((error: unknown) => {
      manager = undefined;
      throw error;
    });
    return manager;
  };
}

/** What the server has of a fan-out; `undefined` where it has nothing. */
export async function findStream(jsm: JetStreamManager, names: Names): Promise<JournalStream | undefined> {
  try {
    const { config, state } = await jsm.streams.info(names.stream);
    const prefix = (config.subjects[0] as string).slice(0, -1);
    return { prefix, bytes: state.bytes, last: state.last_seq };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Makes the stream; where another process has been faster, that one counts. */
export async function makeStream(
  jsm: JetStreamManager,
  names: Names,
  replicas: number,
): Promise<JournalStream> {
  try {
    await jsm.streams.add({
      name: names.stream,
      subjects: [`${names.root}.${randomUUID()}.>`],
      storage: StorageType.File,
      num_replicas: replicas,
    });
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== NAME_IN_USE) throw error;
  }
  return (await findStream(jsm, names)) as JournalStream;
}

const NAME_IN_USE = 10058;

/** Whether a stream or consumer is not there. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false;
  return error.code === JetStreamApiCodes.StreamNotFound || error.code === JetStreamApiCodes.ConsumerNotFound;
}

/** Whether a message was refused because another one was stored, or lost, meanwhile. */
export const isWrongSequence = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence;
