import { before, type HookDefinition } from "@corm/core";
import { renderTemplate, SAMPLE } from "../contracts/render.js";
import { documentTemplate } from "../entities/contract.js";

/** Templates are tried when they are written, and not when a contract is wanted. */
export const checkDocumentTemplates: readonly HookDefinition[] = [
  before(documentTemplate, "create", { name: "sales.checkTemplate", stage: "late" }, async (batch) => {
    // What is missing is told of after this.
    for (const { input } of batch) if (input.body != null) await renderTemplate(input, SAMPLE);
  }),
  before(documentTemplate, "update", { name: "sales.checkChangedTemplate", stage: "late" }, async (batch) => {
    for (const { before: old, patch } of batch)
      if (patch.body != null)
        await renderTemplate({ name: patch.name ?? old.name, body: patch.body }, SAMPLE);
  }),
];
