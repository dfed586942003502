import { createHash, timingSafeEqual } from "node:crypto";
import { Hono } from "hono";
import type { CustomerInput } from "../app/data.js";
import type { Contender } from "./contender.js";

/** What somebody would write for these three routes alone: a key, no validation beyond the shape, no descriptions. */
export function handWritten(contender: Contender): Hono {
  const app = new Hono();
  app.use("/api/*", async (c, next) => {
    const key = c.req.header("authorization")?.replace("Bearer ", "") ?? "";
    const hash = createHash("sha256").update(key).digest("hex");
    // A key that was given from outside is found by the beginning of its hash.
    const expected = Buffer.from((await contender.keyHash?.(hash.slice(0, 12))) ?? "");
    const actual = Buffer.from(hash);
    if (expected.length !== actual.length || !timingSafeEqual(expected, actual))
      return c.json({ title: "Who are you?" }, 401);
    await next();
  });
  app.get("/api/contacts/:id", async (c) => {
    const row = await contender.get(c.req.param("id"));
    return row ? c.json(row) : c.json({ title: "Not found" }, 404);
  });
  app.get("/api/contacts", async (c) => {
    const after = c.req.query("after");
    const place = after ? JSON.parse(Buffer.from(after, "base64url").toString()) : null;
    const { items, next } = await contender.list(place);
    const cursor = next ? Buffer.from(JSON.stringify(next)).toString("base64url") : null;
    return c.json({ data: items, page: { next: cursor, limit: 50 } });
  });
  app.post("/api/contacts", async (c) => {
    const input = await c.req.json<CustomerInput>();
    if (typeof input.lastName !== "string") return c.json({ title: "lastName is missing" }, 422);
    return c.json((await contender.create(input)) as object, 201);
  });
  return app;
}
