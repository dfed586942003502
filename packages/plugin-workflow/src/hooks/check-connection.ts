import { randomBytes } from "node:crypto";
import { before, type HookDefinition } from "@corm/core";
import { connectorOf } from "../connectors/find-connector.js";
import { connection } from "../entities/connection.js";
import { ConnectorUnknown } from "../errors.js";

export const checkConnections: readonly HookDefinition[] = [
  before(connection, "create", { name: "workflow.check-connection", stage: "late" }, (batch, ctx) => {
    for (const { input } of batch) {
      // What is missing is told of after this.
      if (input.connector != null && !connectorOf(ctx, input.connector))
        throw ConnectorUnknown({ connector: input.connector });
      // Nobody chooses it: 256 bits, with the tenant that it is of.
      input.token = `${ctx.tenant}.${randomBytes(32).toString("base64url")}`;
    }
  }),
];
