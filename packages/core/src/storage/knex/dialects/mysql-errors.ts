import { connectionFailure } from "./connection-errors.js";
import type { Failure } from "./dialect.js";

export function classifyMysql(error: unknown, operation: string): Failure | undefined {
  const { errno, message } = error as { errno?: unknown; message?: unknown };
  const reason = String(message);
  switch (errno) {
    case 1062:
    case 1586:
      return unique(reason);
    case 1048:
      // What an upsert does that met another unique index than it was given.
      return operation === "upsert into" ? { kind: "unique" } : undefined;
    case 1216:
    case 1217:
    case 1451:
    case 1452:
      return reference(reason);
    case 1205:
    case 1213:
    case 1020:
    case 1412:
      return { kind: "conflict", reason };
    case 1021:
    case 1114:
      return { kind: "full", reason };
    case 1040:
    case 1044:
    case 1045:
    case 1049:
    case 1053:
    case 1203:
    case 1226:
    case 1317:
    case 1927:
    case 1969:
    case 2006:
    case 2013:
    case 3024:
      return { kind: "unavailable", reason };
    default:
      return connectionFailure(error);
  }
}

/** From `Duplicate entry 'x' for key 'lead_email'`; MySQL 8 puts the table's name and a dot in front. */
function unique(message: string): Failure {
  const key = /for key '([^']+)'$/.exec(message)?.[1];
  return { kind: "unique", ...(key === undefined ? {} : { index: key.slice(key.lastIndexOf(".") + 1) }) };
}

function reference(message: string): Failure {
  const constraint = /CONSTRAINT `([^`]+)`/.exec(message)?.[1];
  return { kind: "reference", ...(constraint === undefined ? {} : { constraint }) };
}
