import { StorageUnavailable } from "../errors/storage-errors.js";
import { sinceLastSign } from "../queue/signs.js";
import type { HttpSettings } from "./options.js";
import { PROBLEM_TYPE } from "./problem.js";
import type { Answer } from "./route.js";

const TIMEOUT_MS = 3000;
/** They look every second, unless told otherwise; a database that is slow for a while makes no process useless. */
const SILENCE_MS = 30_000;

/** Null where all is well; else why not, in words that anybody may read. */
type Check = () => Promise<string | null>;

/**
 * `GET /readyz`: the database answers, it is as the plugins need it, the workers of this process look for jobs,
 * those of any process do where the app wants to know, and whatever plugins check themselves. All checks run at the same time; what takes longer than three seconds has failed.
 */
export function readinessProbe({ crm, workersWithin }: HttpSettings): (requestId: string) => Promise<Answer> {
  let migrated = false;
  const checks = new Map<string, Check>([
    [
      "storage",
      async () => {
        await crm.runtime.storage.ping();
        return null;
      },
    ],
    [
      "migrations",
      async () => {
        // Nobody takes back what was applied: looked at until it is once right.
        if (migrated) return null;
        const { steps, problems } = await crm.planMigration();
        migrated = steps.length + problems.length === 0;
        return migrated ? null : "the database is behind the plugins";
      },
    ],
    [
      "workers",
      async () => {
        const silent = [...crm.runtime.workers].map((worker) => worker.silence());
        const longest = Math.max(0, ...silent);
        return longest < SILENCE_MS
          ? null
          : `a worker has not looked for jobs for ${Math.round(longest / 1000)} s`;
      },
    ],
  ]);
  if (workersWithin !== null)
    checks.set("anyWorker", async () => {
      const since = await sinceLastSign(crm.runtime);
      if (since === null) return "no worker of any process has looked for jobs yet";
      return since <= workersWithin
        ? null
        : `no worker of any process has looked for jobs for ${Math.round(since / 1000)} s`;
    });
  for (const { name, parts } of crm.runtime.composition.plugins)
    for (const [check, run] of Object.entries(parts.ready ?? {}))
      checks.set(`${name}.${check}`, () => run(crm));
  return async (requestId) => {
    const results = await Promise.all(
      [...checks].map(async ([name, check]) => [name, await reason(name, check, crm.report)] as const),
    );
    const failed = results.filter(([, why]) => why !== null);
    const all = Object.fromEntries(results.map(([name, why]) => [name, why ?? "ok"]));
    if (failed.length === 0) return { status: 200, body: { status: "ok", checks: all } };
    const problem = {
      type: "https://corm.dev/problems/not-ready",
      title: "Not ready",
      status: 503,
      code: "not-ready",
      detail: `Not ready: ${failed.map(([name, why]) => `${name} (${why})`).join(", ")}.`,
      instance: requestId,
      checks: all,
    };
    return { status: 503, body: problem, headers: { "content-type": PROBLEM_TYPE, "retry-after": "1" } };
  };
}

/** What a check throws is for the log: it may hold addresses and names. */
async function reason(name: string, check: Check, report: (error: unknown) => void): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${TIMEOUT_MS / 1000} s`), TIMEOUT_MS);
  });
  try {
    return await Promise.race([check(), timeout]);
  } catch (error) {
    report(error);
    return name === "storage" || StorageUnavailable.is(error)
      ? "the database does not answer"
      : "the check failed";
  } finally {
    clearTimeout(timer);
  }
}
