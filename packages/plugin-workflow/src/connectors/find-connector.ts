import type { Context } from "@corm/core";
import { type ConnectorDefinition, connectors } from "./define-connector.js";
import { webhookConnector } from "./webhook-connector.js";

/** A connector by its name, of this plugin or of packages. */
export function connectorOf(ctx: Context, name: string): ConnectorDefinition | undefined {
  return name === webhookConnector.name
    ? webhookConnector
    : ctx.contributions(connectors).find((one) => one.name === name);
}
