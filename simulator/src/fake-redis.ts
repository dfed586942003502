import type { Redis } from "ioredis";
import { fault } from "./scenarios/fault.js";
import type { Process, World } from "./world.js";

interface Message {
  readonly id: string;
  readonly fields: string[];
}

/** What a broker holds: as much of Redis as the fan-out uses. */
export class Broker {
  hashes = new Map<string, Map<string, string>>();
  streams = new Map<string, Message[]>();
  locks = new Map<string, { holder: string; until: number }>();
  #last = 0;

  /** Everything is gone, as after a disk was lost. */
  wipe(): void {
    this.hashes = new Map();
    this.streams = new Map();
    this.locks = new Map();
  }

  /** What came last is gone, as after a crash of a server that writes to its disk once a second. */
  snapshot(): () => void {
    const hashes = new Map([...this.hashes].map(([key, hash]) => [key, new Map(hash)]));
    const streams = new Map([...this.streams].map(([key, list]) => [key, [...list]]));
    return () => {
      this.hashes = hashes;
      this.streams = streams;
    };
  }

  nextId(now: number): string {
    this.#last += 1;
    return `${now}-${this.#last}`;
  }
  hash(key: string): Map<string, string> {
    let hash = this.hashes.get(key);
    if (!hash) {
      hash = new Map();
      this.hashes.set(key, hash);
    }
    return hash;
  }
  stream(key: string): Message[] {
    let stream = this.streams.get(key);
    if (!stream) {
      stream = [];
      this.streams.set(key, stream);
    }
    return stream;
  }
}

const isAfter = (a: string, b: string): boolean => {
  const [at = 0, an = 0] = a.split("-").map(Number);
  const [bt = 0, bn = 0] = b.split("-").map(Number);
  return at > bt || (at === bt && an > bn);
};

/** A client of it in one process: what is asked, and what is answered, may be lost; what was done stays done. */
export function clientOf(world: World, process: Process, broker: Broker, lossy: () => boolean): Redis {
  const commands = Object.entries(commandsOf(world, broker)) as [string, (...given: never[]) => unknown][];
  const ask = async <T>(name: string, run: () => T): Promise<T> => {
    await world.turn(process, "free", `asks Redis to ${name}`);
    const isLossy = lossy();
    if (isLossy && world.chance.is(0.02)) throw fault("the question was lost");
    const answer = run();
    await world.turn(process, "free", `hears of ${name}`);
    if (isLossy && world.chance.is(0.02)) throw fault("the answer was lost");
    return answer;
  };
  /** Several commands with nothing between them. */
  const multi = () => {
    const asked: (() => unknown)[] = [];
    const many: Record<string, unknown> = {
      exec: () => ask("multi", () => asked.map((run) => [null, run()])),
    };
    for (const [name, run] of commands)
      many[name] = (...args: never[]) => {
        asked.push(() => run(...args));
        return many;
      };
    return many;
  };
  const wrapped = Object.fromEntries(
    commands.map(([name, run]) => [name, (...args: never[]) => ask(name, () => run(...args))]),
  );
  return { ...wrapped, multi } as unknown as Redis;
}

function commandsOf(world: World, broker: Broker) {
  const scripts = {
    publish(heads: string, streams: readonly string[], args: readonly (string | number)[]) {
      const [tenant, before, after, ...rest] = args.map(String) as [string, string, string, ...string[]];
      const head = broker.hash(heads).get(tenant) ?? "0";
      if (head !== before) return head;
      for (let i = 0; i < rest.length; i += 3) {
        const [number, position, entry] = rest.slice(i, i + 3) as [string, string, string];
        const fields = ["t", tenant, "p", position, "e", entry];
        broker
          .stream(streams[Number(number) - 1] as string)
          .push({ id: broker.nextId(world.clock.now()), fields });
      }
      broker.hash(heads).set(tenant, after);
      return head;
    },
    hold(key: string, holder: string, ms: number) {
      const lock = broker.locks.get(key);
      if (lock && lock.holder !== holder && lock.until > world.elapsed) return 0;
      broker.locks.set(key, { holder, until: world.elapsed + ms });
      return 1;
    },
    release(key: string, holder: string) {
      if (broker.locks.get(key)?.holder === holder) broker.locks.delete(key);
      return 0;
    },
  };
  return {
    eval(script: string, keyCount: number, ...rest: (string | number)[]) {
      const keys = rest.slice(0, keyCount).map(String) as [string, ...string[]];
      const args = rest.slice(keyCount);
      if (script.includes("XADD")) return scripts.publish(keys[0], keys.slice(1), args);
      if (script.includes("'PX'")) return scripts.hold(keys[0], String(args[0]), Number(args[1]));
      if (script.includes("'DEL'")) return scripts.release(keys[0], String(args[0]));
      throw new Error(`the simulated Redis does not know this script: ${script}`);
    },
    hget: (key: string, field: string) => broker.hash(key).get(field) ?? null,
    hmget: (key: string, ...fields: string[]) => fields.map((field) => broker.hash(key).get(field) ?? null),
    hset: (key: string, field: string, value: string | number) =>
      void broker.hash(key).set(field, String(value)),
    hsetnx(key: string, field: string, value: string | number) {
      if (!broker.hash(key).has(field)) broker.hash(key).set(field, String(value));
    },
    xlen: (key: string) => broker.stream(key).length,
    xadd(key: string, _: string, ...fields: string[]) {
      broker.stream(key).push({ id: broker.nextId(world.clock.now()), fields });
    },
    xread(_: string, count: number, __: string, key: string, last: string) {
      const found = broker
        .stream(key)
        .filter(({ id }) => isAfter(id, last))
        .slice(0, count);
      return found.length === 0 ? null : [[key, found.map(({ id, fields }) => [id, fields])]];
    },
    xrevrange(key: string) {
      const end = broker.stream(key).at(-1);
      return end ? [[end.id, end.fields]] : [];
    },
    xtrim(key: string, _: string, id: string) {
      const stream = broker.stream(key);
      broker.streams.set(
        key,
        stream.filter((message) => !isAfter(id, message.id)),
      );
    },
  };
}
