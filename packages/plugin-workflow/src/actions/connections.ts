import { checker, defineAction, Type, ValidationFailed } from "@corm/core";
import { connectionBooks } from "../connectors/books.js";
import { connectorOf } from "../connectors/find-connector.js";
import { connection } from "../entities/connection.js";
import { ConnectorUnknown } from "../errors.js";

/**
 * Sets the credentials of a connection; they are kept encrypted, and no answer has them.
 * `POST /api/connections/{id}/set-credentials`
 *
 * @throws connector-unknown, validation-failed
 */
export const setCredentials = defineAction({
  name: "setCredentials",
  on: connection,
  label: "Set credentials",
  description: "Sets the credentials of a connection. They are kept encrypted, and nobody reads them again.",
  input: Type.Object({ credentials: Type.Record(Type.String(), Type.String({ maxLength: 5000 })) }),
  output: Type.Object({ id: Type.String() }),
  run: async ({ record, input: { credentials } }, ctx) => {
    const found = connectorOf(ctx, record.connector);
    if (!found) throw ConnectorUnknown({ connector: record.connector });
    const validator = checker({ additionalProperties: false, ...found.credentials });
    if (!validator.Check(credentials)) {
      const [, errors] = validator.Errors(credentials);
      throw ValidationFailed({
        entity: connection.name,
        issues: errors.map(({ instancePath, message }) => ({
          pointer: `/credentials${instancePath}`,
          code: "invalid",
          message,
        })),
      });
    }
    await connectionBooks(ctx)
      .repo(connection)
      .update(record.id, { credentials: JSON.stringify(credentials) });
    return { id: record.id };
  },
});
