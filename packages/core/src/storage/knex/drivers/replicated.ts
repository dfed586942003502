import type { PostgresDialect } from "../dialects/postgres.js";
import { parseUrl } from "../options.js";
import type { Engine } from "../statement.js";
import type { Translate } from "../translate-error.js";
import { connectPostgres, openPostgres, type PostgresOptions } from "./postgres.js";
import { Routing } from "./replicas.js";
import { ReplicatedEngine } from "./replicated-engine.js";

/** A PostgreSQL server and those that replicate it. */
export class Replicated {
  readonly routing: Routing;
  readonly #urls: readonly string[];
  #primary: Engine | undefined;

  constructor(urls: readonly string[]) {
    for (const url of urls)
      if (parseUrl(url).engine !== "postgres")
        throw new TypeError("A replica has a URL as postgres://host/database");
    this.#urls = urls;
    this.routing = new Routing(() => this.#end());
  }

  /** The replicas are connected when they are first read from: one that is away keeps nobody from starting. */
  async open(options: PostgresOptions, dialect: PostgresDialect, translate: Translate): Promise<Engine> {
    const primary = await openPostgres(options, dialect, translate);
    this.#primary = primary;
    const replicas = await Promise.all(
      this.#urls.map((url) => connectPostgres({ ...options, url }, dialect, translate)),
    );
    return new ReplicatedEngine(primary, replicas, this.routing);
  }

  async #end(): Promise<string> {
    // Of what is committed also where commits do not wait for the disk.
    const rows = await this.#primary?.connection(async (raw) =>
      raw.query("select pg_current_wal_insert_lsn()::text as place"),
    );
    return String(rows?.[0]?.["place"]);
  }
}
