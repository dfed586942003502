import { defineError } from "@corm/core";

/** Of what another message, or another try, would not mend. */
export const SlackRefused = defineError<{ status: number; answer: string }>("slack-refused", {
  status: 422,
  title: "Slack does not take the message",
  detail: ({ status, answer }) =>
    `Slack answers ${status}: ${answer}. Look at the address of the incoming webhook, and its channel.`,
});

/** For now: it is tried again. */
export const SlackUnable = defineError<{ status: number; answer: string }>("slack-unable", {
  status: 502,
  title: "Slack could not take the message",
  detail: ({ status, answer }) => `Slack answers ${status}: ${answer}`,
});
