import { defineJob, definePlugin, Type } from "@corm/core";

export const noted = defineJob("notes.noted", {
  input: Type.Object({ text: Type.String() }),
  capability: "notes.note",
  run: async (_, { text }) => {
    process.stdout.write(`noted ${text}\n`);
  },
});

export const notes = definePlugin({
  name: "notes",
  version: "1.0.0",
  corm: "^0.1",
  setup: () => ({ jobs: [noted], capabilities: { "notes.note": "Prints." } }),
});
