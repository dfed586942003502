export { clientTypes } from "./client-types.js";
