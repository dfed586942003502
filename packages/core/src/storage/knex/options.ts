import type { SqliteDriverName } from "./drivers/sqlite-driver.js";

export interface KnexStorageOptions {
  /**
   * `sqlite::memory:`, `sqlite:./corm.db`, `postgres://user:password@host/database`, `mysql://...` or
   * `mariadb://...`.
   */
  readonly url: string;
  /** Connections to a server; SQLite does not need it. Default: none kept, 10 at most. */
  readonly pool?: { readonly min?: number; readonly max?: number };
  /**
   * SQLite files: `full` (default) keeps every acknowledged commit through a power failure, `normal` may lose
   * the last ones and does not wait for the disk.
   */
  readonly synchronous?: "full" | "normal";
  /** SQLite: `auto` (default) takes the first that is installed. */
  readonly driver?: SqliteDriverName | "auto";
  /** How long to wait for a connection or for one's turn, in milliseconds. Default 10,000. */
  readonly acquireTimeout?: number;
  /** Servers: how long one statement may run, in milliseconds. Default 30,000; schema changes have no limit. */
  readonly statementTimeout?: number;
  /**
   * PostgreSQL: the server itself guards the rows of tenants, by policies that come with the schema. The role must
   * not be a superuser; it may own the tables. Default false.
   */
  readonly rowLevelSecurity?: boolean;
  /**
   * PostgreSQL: URLs of servers that replicate this one by streaming. Reads of requests that allow it go there; what that
   * takes is in `docs/scale.md`. Default none.
   */
  readonly replicas?: readonly string[];
  /** Servers: `false` for proxies that cannot keep prepared statements. Default true. */
  readonly prepare?: boolean;
}

export type Target =
  | { readonly engine: "sqlite"; readonly path: string }
  | { readonly engine: "postgres" | "mysql"; readonly url: string };

/** Reads the engine from the URL's scheme. */
export function parseUrl(url: string): Target {
  const scheme = /^([a-z0-9+]+):/i.exec(url)?.[1]?.toLowerCase();
  switch (scheme) {
    case "sqlite":
    case "file": {
      const path = url.slice(scheme.length + 1).replace(/^\/\/(?=[^/]|\/)/, "");
      if (path === "") throw new TypeError("The database URL names no file: write sqlite:./corm.db");
      return { engine: "sqlite", path };
    }
    case "postgres":
    case "postgresql":
      return { engine: "postgres", url };
    case "mysql":
    case "mariadb":
      return { engine: "mysql", url: url.replace(/^[a-z]+:/i, "mysql:") };
    default:
      throw new TypeError(
        "The database URL must start with sqlite:, postgres:, mysql: or mariadb: (for example sqlite:./corm.db)",
      );
  }
}
