export type { SqliteDriverName } from "./drivers/sqlite-driver.js";
export { knexStorage, sqlite } from "./knex-storage.js";
export type { KnexStorageOptions } from "./options.js";
