import Type from "typebox";
import { eraseSubject } from "../../data-protection/erase-subject.js";
import { exportSubject } from "../../data-protection/export-subject.js";
import { defineRoute, type RouteDefinition } from "../../routes/define-route.js";

const erased = Type.Object({
  anonymised: Type.Integer(),
  deleted: Type.Integer(),
  /** Entries of the history whose values were removed. */
  journal: Type.Integer(),
});

const certificate = Type.Object({
  id: Type.String({ format: "uuid" }),
  tenant: Type.String(),
  state: Type.Enum(["running", "done"]),
  persons: Type.Record(Type.String(), Type.Array(Type.String())),
  requestedBy: Type.String(),
  requestedAt: Type.String({ format: "date-time" }),
  finishedAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()]),
  erased: Type.Record(Type.String(), erased),
});

const person = Type.Union([
  Type.Object(
    {
      /** Whose records are people: `contact`, `lead`. One that was purged can be named as well. */
      entity: Type.String({ minLength: 1, maxLength: 48 }),
      id: Type.String({ format: "uuid" }),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      /** An e-mail address or phone number, for whoever has it. */
      address: Type.String({ minLength: 3, maxLength: 254 }),
    },
    { additionalProperties: false },
  ),
]);

/** What people have a right to, over HTTP. */
export const privacyRoutes: readonly RouteDefinition[] = [
  defineRoute({
    method: "GET",
    path: "/api/privacy/export/:entity/:id",
    permission: "privacy.export",
    summary: "Everything that is kept of a person, as lines of JSON; the last one has the type end",
    produces: "application/x-ndjson",
    handle: async ({ params }, { ctx }) => {
      const { entity = "", id = "" } = params;
      return fileOf(exportSubject(ctx, { entity, id }), `person-${id}`);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/api/privacy/exports",
    permission: "privacy.export",
    summary: "The same of whoever has an address, which stands in no log this way",
    body: person,
    produces: "application/x-ndjson",
    handle: async ({ body }, { ctx }) => fileOf(exportSubject(ctx, body), "person"),
  }),
  defineRoute({
    method: "POST",
    path: "/api/privacy/erasures",
    permission: "privacy.erase",
    // Somebody of many years has much to erase. What is interrupted goes on when it is asked for again.
    timeout: 600_000,
    summary: "Erase everything that is kept of a person; answers what was done",
    body: person,
    response: certificate,
    handle: async ({ body }, { ctx }) => Response.json(await eraseSubject(ctx, body)),
  }),
];

async function fileOf(lines: AsyncGenerator<string>, name: string): Promise<Response> {
  // The first line before the answer: what is refused is refused with its status.
  const first = await lines.next();
  return new Response(bytesOf(first, lines), {
    headers: {
      "content-type": "application/x-ndjson",
      "content-disposition": `attachment; filename="${name}.ndjson"`,
      "cache-control": "no-store",
    },
  });
}

function bytesOf(first: IteratorResult<string>, lines: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next: IteratorResult<string> | undefined = first;
  return new ReadableStream({
    // One line at a time, as fast as the reader takes them.
    async pull(controller) {
      const { done, value } = next ?? (await lines.next());
      next = undefined;
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await lines.return(undefined);
    },
  });
}
