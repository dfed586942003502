import { JOB_STATES } from "../../jobs/job-states.js";
import { idParameter } from "./entity-operations.js";
import type { JsonSchema, Operation, Parameter } from "./operation.js";
import { ref } from "./schemas.js";

const parameter = (name: string, schema: JsonSchema, description?: string): Parameter => ({
  name,
  in: "query",
  schema,
  ...(description === undefined ? {} : { description }),
});

const job = { 200: { description: "The job.", schema: ref("Corm.Job") } };

export const listJobsOperation: Operation = {
  id: "jobs.list",
  tag: "jobs",
  summary: "Jobs of the tenant, newest first",
  parameters: [
    parameter("state", { enum: JOB_STATES }),
    parameter("name", { type: "string" }),
    parameter("queue", { type: "string" }),
    parameter("limit", { type: "integer", minimum: 1, maximum: 500, default: 50 }),
    parameter("after", { type: "string" }, "`page.next` of the page before."),
  ],
  responses: { 200: { description: "A page of jobs.", schema: ref("Corm.JobPage") } },
  errors: [400, 403],
};

export const getJobOperation: Operation = {
  id: "jobs.get",
  tag: "jobs",
  summary: "One job, with its input and last error",
  parameters: [idParameter],
  responses: job,
  errors: [403, 404],
};

export const replayJobOperation: Operation = {
  id: "jobs.replay",
  tag: "jobs",
  summary: "Let a dead or cancelled job run again, with new attempts",
  parameters: [idParameter],
  responses: job,
  errors: [403, 404, 409],
};

export const cancelJobOperation: Operation = {
  id: "jobs.cancel",
  tag: "jobs",
  summary: "Take a job back that is not done",
  description: "One that is running cannot complete any more: what it did in its transaction is undone.",
  parameters: [idParameter],
  responses: job,
  errors: [403, 404, 409],
};

const text = { type: ["string", "null"] };
const instant = { type: "string", format: "date-time" };

export const jobSchemas: Readonly<Record<string, JsonSchema>> = {
  "Corm.Job": {
    type: "object",
    properties: {
      id: { type: "string", format: "uuid" },
      name: { type: "string" },
      queue: { type: "string" },
      state: {
        enum: JOB_STATES,
        description:
          "`blocked` waits behind others with its key, `delayed` for its time, `ready` for a worker; `dead` has failed for good.",
      },
      priority: { type: "integer" },
      runAt: instant,
      input: { description: "Null once it is done." },
      attempts: { type: "integer", description: "Times that it has failed." },
      stalls: { type: "integer", description: "Times that its process ended while it ran." },
      error: { ...text, description: "What it failed with the last time." },
      actor: {
        type: "object",
        description: "In whose name it runs.",
        properties: { kind: { type: "string" }, id: text },
        required: ["kind", "id"],
      },
      enqueuedAt: instant,
      finishedAt: { type: ["string", "null"], format: "date-time" },
    },
    required:
      "id name queue state priority runAt input attempts stalls error actor enqueuedAt finishedAt".split(" "),
  },
  "Corm.JobPage": {
    type: "object",
    properties: { data: { type: "array", items: ref("Corm.Job") }, page: ref("Corm.PageInfo") },
    required: ["data", "page"],
  },
};
