import { contribute, definePlugin, type PluginFactory, type PluginOf } from "@corm/core";
import { connectors } from "@corm/plugin-workflow";
import { slackConnector } from "./connector.js";

export { slackConnector } from "./connector.js";
export { SlackRefused, SlackUnable } from "./errors.js";
export { isFromSlack } from "./signature.js";

const plugin = definePlugin({
  name: "slack",
  version: "0.1.0",
  corm: "^0.1",
  requires: { workflow: "^0.1" },
  setup: () => ({ contributes: [contribute(connectors, slackConnector)] }),
});

export interface SlackPlugin extends PluginOf<typeof plugin> {}

/**
 * Slack for automations.
 *
 * @example
 * createCrm({ storage, plugins: [crmCore(), workflow(), slack()] })
 */
export const slack: PluginFactory<SlackPlugin, Record<never, never>> = plugin;
