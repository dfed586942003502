import { defineConfig } from "tsup";
import { libraryConfig } from "../../tooling/tsup.js";

export default defineConfig(libraryConfig());
