import { expect, it } from "vitest";
import { readSettings } from "../src/settings.js";

it("has defaults, and takes flags and variables", () => {
  expect(readSettings([], {})).toEqual({
    help: false,
    serve: true,
    json: false,
    databaseUrl: "sqlite:./.data/corm.db",
    dataDir: undefined,
    apiKey: undefined,
    port: 3000,
  });
  const env = {
    DATABASE_URL: "postgres://h/d",
    CORM_DATA_DIR: "/data",
    CORM_API_KEY: "k-1-and-thirty-more-characters-or-so",
    PORT: "0",
  };
  expect(readSettings(["--json", "--no-serve"], env)).toMatchObject({
    serve: false,
    json: true,
    databaseUrl: "postgres://h/d",
    dataDir: "/data",
    apiKey: "k-1-and-thirty-more-characters-or-so",
    port: 0,
  });
  expect(readSettings([], { PORT: "", DATABASE_URL: " " })).toMatchObject({ port: 3000 });
});

it("refuses what it does not know", () => {
  expect(() => readSettings(["--fast"], {})).toThrow(/'--fast'[\s\S]*Usage: npm start/);
  expect(() => readSettings(["now"], {})).toThrow(/'now'/);
  expect(() => readSettings(["--json=yes"], {})).toThrow(/--json/);
  for (const PORT of ["80a", "-1", "65536", "3000.5"]) {
    expect(() => readSettings([], { PORT })).toThrow(/PORT is a number/);
  }
  expect(() => readSettings([], { CORM_API_KEY: "two words" })).toThrow(/CORM_API_KEY is/);
});
