export * from "../storage/knex/index.js";
