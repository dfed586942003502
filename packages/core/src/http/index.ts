export { createHttp } from "./app.js";
export { type Authenticate, bearerToken } from "./authenticate.js";
export type { HttpCrm, HttpOptions } from "./options.js";
export { type Problem, toProblem } from "./problem.js";
