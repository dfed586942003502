import { defineConfig } from "tsup";
import { libraryConfig } from "../../tooling/tsup.js";

export default defineConfig(
  libraryConfig({ "sqlite-reader": "./src/storage/knex/drivers/sqlite-reader.ts" }, ["typebox"]),
);
