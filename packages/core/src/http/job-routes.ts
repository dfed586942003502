import type { JobState } from "../context/jobs.js";
import { JOB_STATES } from "../jobs/job-states.js";
import { MANAGE_JOBS, READ_JOBS } from "../queue/session-jobs.js";
import { DEFAULT_LIMIT } from "../repository/read.js";
import { InvalidParameter } from "./errors.js";
import {
  cancelJobOperation,
  getJobOperation,
  listJobsOperation,
  replayJobOperation,
} from "./openapi/job-operations.js";
import { readParameters } from "./parameters.js";
import type { HttpCall, HttpRoute } from "./route.js";

/** For whoever looks after jobs: what is there, what has failed, once more, or no more. */
export function jobRoutes(): HttpRoute[] {
  const route = (
    method: "GET" | "POST",
    path: string,
    policy: string,
    rest: Pick<HttpRoute, "operation" | "handle">,
  ): HttpRoute => ({ owner: "core", method, path, access: "authenticated", policy, ...rest });
  const one = (run: (call: HttpCall, id: string) => Promise<unknown>) => async (call: HttpCall) => {
    readParameters(call.query, []);
    return { status: 200, body: await run(call, call.params["id"] as string) };
  };
  return [
    route("GET", "/api/jobs", READ_JOBS, { operation: listJobsOperation, handle: list }),
    route("GET", "/api/jobs/{id}", READ_JOBS, {
      operation: getJobOperation,
      handle: one(({ session }, id) => session.jobs.get(id)),
    }),
    {
      ...route("POST", "/api/jobs/{id}/replay", MANAGE_JOBS, {
        operation: replayJobOperation,
        handle: one(({ session }, id) => session.jobs.replay(id)),
      }),
      once: "inside",
    },
    {
      ...route("POST", "/api/jobs/{id}/cancel", MANAGE_JOBS, {
        operation: cancelJobOperation,
        handle: one(({ session }, id) => session.jobs.cancel(id)),
      }),
      once: "inside",
    },
  ];
}

async function list(call: HttpCall) {
  const given = readParameters(call.query, ["state", "name", "queue", "limit", "after"]);
  const state = given.get("state");
  if (state !== undefined && !JOB_STATES.includes(state as JobState))
    throw InvalidParameter({ parameter: "state", reason: `is one of ${JOB_STATES.join(", ")}` });
  const text = given.get("limit");
  if (text !== undefined && !/^\d{1,6}$/.test(text))
    throw InvalidParameter({ parameter: "limit", reason: "is a whole number" });
  const limit = text === undefined ? DEFAULT_LIMIT : Number(text);
  const { items, next } = await call.session.jobs.list({
    state: state as JobState | undefined,
    name: given.get("name"),
    queue: given.get("queue"),
    after: given.get("after"),
    limit,
  });
  return { status: 200, body: { data: items, page: { next, limit } } };
}
