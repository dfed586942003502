import type { Scenario } from "../scenario.js";
import { approvals } from "./approvals.js";
import { events } from "./events.js";
import { jobs } from "./jobs.js";
import { runs } from "./runs.js";

export const scenarios: readonly Scenario[] = [jobs, events, approvals, runs];
