/** The types of core that the client shows. The build reads this file for them and copies their declarations. */
export type * from "../core/src/context/journal.js";
export type * from "../core/src/context/provenance.js";
export type * from "../core/src/context/query.js";
export type * from "../core/src/context/timeline.js";
