import { NotFound, Type } from "@corm/core";
import { connectorOf } from "../connectors/find-connector.js";
import { connection } from "../entities/connection.js";
import { StepUnable } from "../errors.js";
import { guardedRequest, RequestFailed } from "../net/guarded-request.js";
import { checkedInput } from "../runs/checked-step.js";
import { settingsOf } from "../services/settings.js";
import { defineStep } from "./step-kind.js";

/** Runs an action of a connector by a connection that the principal may see; its output is the step's. */
export const connectorStep = defineStep({
  name: "connector",
  label: "Do something in another system",
  input: Type.Object({
    connectionId: Type.String({ format: "uuid" }),
    action: Type.String({ minLength: 1, maxLength: 100 }),
    input: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  }),
  check: async ({ connectionId, action }, ctx) => {
    const found = await ctx.repo(connection).first({ where: { id: String(connectionId) } });
    if (!found) return "names no connection that you may see";
    return Object.hasOwn(connectorOf(ctx, found.connector)?.actions ?? {}, String(action))
      ? null
      : `"${String(action)}" is no action of "${found.connector}"`;
  },
  perform: async ({ connectionId, action: name, input = {} }, { ctx, books, key, attempt, signal }) => {
    const seen = await ctx
      .repo(connection)
      .first({ where: { id: connectionId, active: true }, select: ["id"] });
    if (!seen) throw NotFound({ entity: connection.name, id: connectionId });
    const { connector, credentials } = await books.repo(connection).get(connectionId);
    const definition = connectorOf(books, connector);
    const action = Object.hasOwn(definition?.actions ?? {}, name) ? definition?.actions[name] : undefined;
    if (!action) throw StepUnable({ step: "connector", reason: `has no action "${name}" of "${connector}"` });
    if (credentials === null)
      throw StepUnable({ step: "connector", reason: "has a connection without credentials" });
    const { net } = settingsOf(books);
    const run = action.run as (given: unknown, call: object) => Promise<unknown>;
    try {
      return await run(checkedInput(action.input, name, input), {
        credentials: JSON.parse(credentials) as unknown,
        ...{ key, attempt, signal },
        request: (request: Parameters<typeof guardedRequest>[0]) =>
          guardedRequest({ signal, ...request }, net),
      });
    } catch (error) {
      // Where it may not go it never may: to try again would not help.
      if (error instanceof RequestFailed && error.refused)
        throw StepUnable({ step: "connector", reason: error.message });
      throw error;
    }
  },
});
