import { randomUUID } from "node:crypto";
import {
  type BrokerHost,
  type ClaimedJob,
  type ClaimRequest,
  type JobBroker,
  type ReadyJob,
  roomOf,
} from "@corm/core";
import { Lane, type Ticket } from "./lane.js";
import type { Store } from "./store.js";
import { Turns } from "./turns.js";

/** Milliseconds between sweeps for what BullMQ has lost while it had other things to hand out. */
const SWEEP_MS = 5000;
const SWEPT_TENANTS = 500;
const SWEPT_JOBS = 100;
/** Jobs that one look in the database hands to BullMQ, of each tenant. */
const FEED = 500;
const BATCH = 250;
/** Queues of BullMQ that a process keeps at hand. */
const MAX_LANES = 2000;
/** After a word from another process the database is asked no more often than this. */
const LOOK_MS = 500;

/**
 * Hands jobs to BullMQ and takes them from it. Nothing depends on BullMQ being right: a job that it names is claimed in
 * the database, where only one can have it, and what it does not name is found there by looking.
 */
export class BullmqBroker implements JobBroker {
  readonly name: string;
  readonly #host: BrokerHost;
  readonly #store: Store;
  readonly #window: number;
  readonly #turns = new Turns();
  readonly #lanes = new Map<string, Promise<Lane>>();
  readonly #token = randomUUID();
  /** What is to be published next, and what is being published, by lane. */
  readonly #offered = new Map<string, ReadyJob[]>();
  readonly #publishing = new Map<string, Promise<void>>();
  readonly #pending = new Set<Promise<void>>();
  #queues: readonly string[] = [];
  #turn = 0;
  #isListening = false;
  /** Another process spoke since the last claim. */
  #isWoken = false;
  #lookedAt = 0;
  #sweptAt: number | undefined;

  constructor(host: BrokerHost, store: Store, window: number) {
    this.#host = host;
    this.#store = store;
    this.#window = window;
    this.name = store.name;
  }

  offer(jobs: readonly ReadyJob[]): void {
    for (const job of jobs) {
      const key = laneKey(job.queue, job.tenant);
      const waiting = this.#offered.get(key);
      if (waiting) {
        waiting.push(job);
        continue;
      }
      this.#offered.set(key, [job]);
      this.#later(this.#publishAll(key, job.queue, job.tenant));
    }
  }

  async claim({ worker, queues, limit, perTenant }: ClaimRequest): Promise<readonly ClaimedJob[]> {
    const held = new Map(perTenant?.held);
    const room = (tenant: string) => roomOf(perTenant ? { perTenant: { ...perTenant, held } } : {}, tenant);
    this.#listen();
    this.#queues = queues;
    await this.#settled();
    const claimed: ClaimedJob[] = [];
    const first = this.#turn++ % queues.length;
    for (const queue of [...queues.slice(first), ...queues.slice(0, first)]) {
      let hasLooked = this.#isWoken && performance.now() - this.#lookedAt < LOOK_MS;
      while (claimed.length < limit) {
        const tickets = await this.#take(queue, limit - claimed.length, room);
        if (tickets.length > 0) {
          const jobs = await this.#redeem(worker, tickets);
          claimed.push(...jobs);
          for (const { tenant } of jobs) held.set(tenant, (held.get(tenant) ?? 0) + 1);
        } else if (hasLooked) break;
        else {
          hasLooked = true;
          await this.#look(queue);
        }
      }
    }
    this.#isWoken = false;
    return claimed;
  }

  async upkeep(): Promise<void> {
    const now = performance.now();
    if (this.#sweptAt !== undefined && now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    for (const queue of this.#queues) {
      for (const tenant of await this.#host.tenants(queue, SWEPT_TENANTS)) {
        const lane = await this.#lane(queue, tenant);
        await lane.dropAbandoned(SWEPT_JOBS);
        await this.#feed(queue, tenant, SWEPT_JOBS);
      }
    }
  }

  async close(): Promise<void> {
    await this.#settled();
    await this.#store.close();
  }

  /** One after another, in the order in which they were made: what comes meanwhile goes with the next. */
  async #publishAll(key: string, queue: string, tenant: string): Promise<void> {
    await this.#publishing.get(key);
    const jobs = this.#offered.get(key) ?? [];
    this.#offered.delete(key);
    const published = this.#publish(queue, tenant, jobs);
    this.#publishing.set(key, published);
    await published;
    if (this.#publishing.get(key) === published) this.#publishing.delete(key);
  }

  async #publish(queue: string, tenant: string, jobs: readonly ReadyJob[]): Promise<void> {
    try {
      const lane = await this.#lane(queue, tenant);
      // What is beyond the window waits in the database, unless it goes before others.
      const room = this.#window - (await lane.waiting());
      const sorted = [...jobs].sort((a, b) => b.priority - a.priority);
      const wanted = sorted.filter(({ priority }, i) => i < room || (priority > 0 && i < this.#window));
      for (let i = 0; i < wanted.length; i += BATCH) await lane.add(wanted.slice(i, i + BATCH));
      this.#turns.add(queue, tenant);
    } catch (error) {
      this.#host.report(error);
    }
    this.#host.notify(queue);
    this.#store.wake(queue, tenant);
  }

  /** From each tenant that has something as much as from the others. */
  async #take(queue: string, limit: number, room: (tenant: string) => number): Promise<Ticket[]> {
    const tickets: Ticket[] = [];
    const taken = new Map<string, number>();
    const roomLeft = (tenant: string) => room(tenant) - (taken.get(tenant) ?? 0);
    while (tickets.length < limit) {
      const tenants = this.#turns.next(queue, limit - tickets.length, (tenant) => roomLeft(tenant) > 0);
      if (tenants.length === 0) break;
      const share = Math.ceil((limit - tickets.length) / tenants.length);
      for (const tenant of tenants) {
        const wanted = Math.min(share, limit - tickets.length, roomLeft(tenant));
        if (wanted <= 0) break;
        this.#turns.passed(queue, tenant);
        const lane = await this.#lane(queue, tenant);
        const found = await lane.take(this.#token, wanted);
        tickets.push(...found);
        taken.set(tenant, (taken.get(tenant) ?? 0) + found.length);
        if (found.length < wanted) this.#turns.remove(queue, tenant);
      }
    }
    return tickets;
  }

  async #redeem(worker: string, tickets: readonly Ticket[]): Promise<readonly ClaimedJob[]> {
    try {
      const ids = tickets.map(({ id }) => id);
      const jobs = await this.#host.claim(worker, ids);
      for (const ticket of tickets) this.#later(ticket.done());
      return jobs;
    } catch (error) {
      for (const ticket of tickets) this.#later(ticket.back());
      throw error;
    }
  }

  /** Finds in the database what nobody has told, or BullMQ does not have any more. */
  async #look(queue: string): Promise<void> {
    this.#lookedAt = performance.now();
    for (const tenant of await this.#host.tenants(queue, SWEPT_TENANTS)) {
      await this.#feed(queue, tenant, Math.min(FEED, this.#window));
    }
  }

  async #feed(queue: string, tenant: string, limit: number): Promise<void> {
    const jobs = await this.#host.ready(queue, tenant, limit);
    if (jobs.length === 0) return;
    const lane = await this.#lane(queue, tenant);
    for (let i = 0; i < jobs.length; i += BATCH) await lane.add(jobs.slice(i, i + BATCH));
    this.#turns.add(queue, tenant);
  }

  async #lane(queue: string, tenant: string): Promise<Lane> {
    const key = laneKey(queue, tenant);
    let lane = this.#lanes.get(key);
    if (lane) this.#lanes.delete(key);
    else lane = Lane.open(this.#store, queue, tenant);
    this.#lanes.set(key, lane);
    if (this.#lanes.size > MAX_LANES) this.#lanes.delete(this.#lanes.keys().next().value as string);
    try {
      return await lane;
    } catch (error) {
      this.#lanes.delete(key);
      throw error;
    }
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#store.onWake((queue, tenant) => {
      if (!this.#queues.includes(queue)) return;
      this.#isWoken = true;
      this.#turns.add(queue, tenant);
      this.#host.notify(queue);
    });
  }

  /** Goes on behind what made it; what fails is found again by looking. */
  #later(work: Promise<void>): void {
    const settled = work.catch(this.#host.report).finally(() => this.#pending.delete(settled));
    this.#pending.add(settled);
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#pending);
  }
}

const laneKey = (queue: string, tenant: string): string => JSON.stringify([queue, tenant]);
