import { isCormError } from "../errors/corm-error.js";
import { createCrm } from "../kernel/create-crm.js";
import type { Crm } from "../kernel/crm.js";
import { knexStorage } from "../storage/knex/index.js";
import type { Command, CommandCall, Output } from "./command.js";

/** What a command on a database is given. */
export interface DatabaseCall extends CommandCall {
  /** On the database of `--database`, without plugins: core's own tables are all that it knows. */
  readonly crm: Crm;
}

/** A command that works on the database of an app: it takes `--database` and `--secret` besides its own options. */
export function onDatabase(
  command: Omit<Command, "run" | "operand"> & {
    readonly run: (call: DatabaseCall, output: Output) => Promise<number>;
  },
): Command {
  return {
    ...command,
    options: {
      ...command.options,
      database: "URL of the database; default: the variable DATABASE_URL.",
      secret: "Of the app, where it is not the generated one; default: the variable CORM_SECRET.",
    },
    async run(call, output) {
      const url = call.options["database"] ?? call.env["DATABASE_URL"];
      const secret = call.options["secret"] ?? call.env["CORM_SECRET"];
      if (!url) {
        output.error("Which database? Give --database, or set DATABASE_URL.");
        return 2;
      }
      try {
        const crm = await createCrm({
          storage: knexStorage({ url }),
          plugins: [],
          migrate: "off",
          ...(secret ? { secret } : {}),
        });
        try {
          return await command.run({ ...call, crm }, output);
        } finally {
          await crm.stop();
        }
      } catch (error) {
        if (!isCormError(error) && (error as { code?: string }).code === undefined) throw error;
        output.error((error as Error).message);
        return 2;
      }
    },
  };
}
