import { DriverMissing } from "../../../errors/storage-errors.js";

/** Loads a driver that the application installs; not a literal in the import, so that bundlers leave it alone. */
export async function optionalDriver(engine: string, name: string): Promise<unknown> {
  try {
    const loaded = (await import(/* @vite-ignore */ name)) as { default?: unknown };
    return loaded.default ?? loaded;
  } catch (error) {
    throw DriverMissing({ engine, tried: [name], install: `npm install ${name}` }, { cause: error });
  }
}
