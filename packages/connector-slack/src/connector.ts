import { Type } from "@corm/core";
import { connectorAction, defineConnector, type Understood } from "@corm/plugin-workflow";
import { SlackRefused, SlackUnable } from "./errors.js";
import { isFromSlack } from "./signature.js";

const credentials = Type.Object({
  /** Of an incoming webhook: `https://hooks.slack.com/services/…` */
  webhookUrl: Type.String({ format: "uri", maxLength: 500 }),
  /** Of the app, for what Slack sends. */
  signingSecret: Type.Optional(Type.String({ minLength: 16, maxLength: 200 })),
});

const postMessage = connectorAction<typeof credentials>()({
  label: "Post a message",
  input: Type.Object({
    text: Type.String({ minLength: 1, maxLength: 40_000 }),
    /** True: `text` is Slack's markup, and what stands in it may link and mention. Default: it is plain text. */
    markup: Type.Optional(Type.Boolean()),
  }),
  output: Type.Object({ posted: Type.Boolean() }),
  run: async ({ text, markup = false }, { credentials: { webhookUrl }, request }) => {
    const { status, body } = await request({
      url: webhookUrl,
      headers: { "content-type": "application/json; charset=utf-8" },
      body: JSON.stringify({ text: markup ? text : escaped(text) }),
    });
    if (status === 200) return { posted: true };
    const answer = body.slice(0, 200);
    if (status === 429 || status >= 500) throw SlackUnable({ status, answer });
    throw SlackRefused({ status, answer });
  },
});

/** The three signs that mean something: by them a field could mention everybody. */
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Posts by an incoming webhook; hears of slash commands and of the Events API. */
export const slackConnector = defineConnector({
  name: "slack",
  label: "Slack",
  credentials,
  actions: { postMessage },
  events: {
    slashCommand: {
      label: "A slash command",
      payload: Type.Object({
        command: Type.String(),
        text: Type.String(),
        userId: Type.String(),
        channelId: Type.String(),
      }),
    },
    event: { label: "An event of the Events API", payload: Type.Object({ type: Type.String() }) },
  },
  understand: ({ credentials: { signingSecret }, headers, body, now }): Understood => {
    if (!signingSecret || !isFromSlack(signingSecret, headers, body, Math.floor(now / 1000)))
      return { kind: "unsigned" };
    if ((headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded"))
      return slashCommand(body);
    const message = JSON.parse(body) as {
      type?: string;
      challenge?: string;
      event_id?: string;
      event?: unknown;
    };
    // Slack asks once whether somebody is there.
    if (message.type === "url_verification") return { kind: "answer", body: String(message.challenge ?? "") };
    return { kind: "event", id: String(message.event_id ?? ""), event: "event", payload: message.event };
  },
});

function slashCommand(body: string): Understood {
  const form = new URLSearchParams(body);
  const one = (name: string) => form.get(name) ?? "";
  const payload = {
    command: one("command"),
    text: one("text"),
    userId: one("user_id"),
    channelId: one("channel_id"),
  };
  return { kind: "event", id: one("trigger_id"), event: "slashCommand", payload };
}
