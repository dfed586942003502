import type { Context, CrmHandle } from "@corm/core";
import { mailings } from "../services/mailings.js";

/** How long a courier waits before it tries again what was left over. */
const RETRY_MS = 60_000;

/** Delivers in the background of this process; the database knows what is left, should the process end. */
export interface Courier {
  start(crm: CrmHandle): void;
  /** There may be something to deliver in this context's tenant. Does not wait for it. */
  nudge(ctx: Context): void;
  /** Lets the message under way finish, and ends. */
  stop(): Promise<void>;
}

export function createCourier(): Courier {
  let crm: CrmHandle | undefined;
  let abort = new AbortController();
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const timers = new Map<string, NodeJS.Timeout>();

  const run = async (tenant: string): Promise<void> => {
    do {
      again.delete(tenant);
      const runs =
        (await crm
          ?.system({ tenant, capability: "marketing.deliver", reason: "deliver mailings" })
          .service(mailings)
          .deliver({ signal: abort.signal })) ?? [];
      if (runs.some(({ status }) => status === "queued" || status === "sending")) later(tenant);
    } while (again.has(tenant) && !abort.signal.aborted);
  };
  const later = (tenant: string): void => {
    if (timers.has(tenant) || abort.signal.aborted) return;
    const timer = setTimeout(() => {
      timers.delete(tenant);
      begin(tenant);
    }, RETRY_MS);
    timer.unref();
    timers.set(tenant, timer);
  };
  const begin = (tenant: string): void => {
    if (!crm || abort.signal.aborted) return;
    if (running.has(tenant)) {
      again.add(tenant);
      return;
    }
    const { report } = crm;
    const work = run(tenant)
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        report(error);
        later(tenant);
      })
      .finally(() => running.delete(tenant));
    running.set(tenant, work);
  };
  return {
    start(handle) {
      crm = handle;
      abort = new AbortController();
      if (handle.defaultTenant !== undefined) begin(handle.defaultTenant);
    },
    nudge: (ctx) => begin(ctx.tenant),
    async stop() {
      abort.abort();
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      await Promise.all(running.values());
      crm = undefined;
    },
  };
}
