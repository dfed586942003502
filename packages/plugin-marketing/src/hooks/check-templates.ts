import { before, type HookDefinition } from "@corm/core";
import { messageTemplate } from "../entities/message-template.js";
import { checkTemplate } from "../templates/check-template.js";

const onCreate = before(
  messageTemplate,
  "create",
  { name: "marketing.template-check" },
  async (batch, ctx) => {
    for (const { input } of batch) {
      const { subject, html, text } = input;
      // Other kinds of values are told by the fields themselves.
      if (typeof subject !== "string" || typeof html !== "string") continue;
      await checkTemplate({ subject, html, text: text ?? null }, ctx.catalog);
    }
  },
);

const onUpdate = before(
  messageTemplate,
  "update",
  { name: "marketing.template-recheck" },
  async (batch, ctx) => {
    for (const { before: old, patch } of batch) {
      const { subject = old.subject, html = old.html, text = old.text } = patch;
      if (typeof subject !== "string" || typeof html !== "string") continue;
      await checkTemplate({ subject, html, text: text ?? null }, ctx.catalog);
    }
  },
);

/** Mistakes in a template are told to its author when it is saved. */
export const checkTemplates: readonly HookDefinition[] = [onCreate, onUpdate];
