import { expect, it } from "vitest";
import { createClient } from "../src/index.js";

/** Answers as a server with replicas does: writes say where they are in its log. */
function served(places: readonly string[]) {
  const asked: (string | null)[] = [];
  let next = 0;
  const client = createClient({
    url: "http://crm.test",
    key: "k",
    paths: { contact: "contacts" },
    fetch: async (request) => {
      if (request.method === "GET") asked.push(request.headers.get("corm-read-after"));
      const headers = new Headers({ "content-type": "application/json" });
      if (request.method === "POST") headers.set("corm-written-at", places[next++] as string);
      return new Response('{ "id": "1", "data": [], "page": { "next": null } }', { headers });
    },
  });
  return { asked, contact: (client.entities as Record<string, unknown>)["contact"] as Contact };
}

interface Contact {
  create(data: object): Promise<unknown>;
  get(id: string, options?: { headers?: Record<string, string> }): Promise<unknown>;
}

it("reads nothing older than what it has written, in whichever order its writes were answered", async () => {
  const { asked, contact } = served(["0/9A", "0/10000000", "0/FF000000", "1/0", "0/3"]);
  const id = "01a219a1-a58d-74cb-8673-197242f1f858";
  await contact.get(id);
  for (let n = 0; n < 5; n++) {
    await contact.create({ lastName: "Lovelace" });
    await contact.get(id);
  }
  expect(asked).toEqual([null, "0/9A", "0/10000000", "0/FF000000", "1/0", "1/0"]);
});

it("leaves a call that says itself what it must see alone", async () => {
  const { asked, contact } = served(["0/9A"]);
  await contact.create({ lastName: "Lovelace" });
  await contact.get("01a219a1-a58d-74cb-8673-197242f1f858", { headers: { "corm-read-after": "any" } });
  expect(asked).toEqual(["any"]);
});
