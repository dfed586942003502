import type { Bucket } from "../../adapter.js";
import { fold } from "../text-fold.js";
import { zonedBucket } from "../time-zone.js";
import type { SqliteDatabase } from "./sqlite-driver.js";

/** What SQLite lacks: case beyond ASCII, time zones, and sums beyond 64 bits. */
export function defineFunctions(database: SqliteDatabase): void {
  database.define("corm_match", (value, text, how) => {
    if (value === null) return null;
    const folded = fold(String(value));
    const wanted = String(text);
    if (how === "contains") return folded.includes(wanted) ? 1 : 0;
    return (how === "starts" ? folded.startsWith(wanted) : folded.endsWith(wanted)) ? 1 : 0;
  });
  database.define("corm_bucket", (value, bucket, timeZone) =>
    value === null ? null : zonedBucket(String(value), bucket as Bucket, String(timeZone)),
  );
  database.define("corm_sum", (billions, rest) =>
    billions === null ? null : String(BigInt(String(billions)) * 1_000_000_000n + BigInt(String(rest))),
  );
}
