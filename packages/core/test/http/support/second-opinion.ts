import { createConfig, lintFromString } from "@redocly/openapi-core";

/** What is wrong with an OpenAPI document by a model of OpenAPI that is not the published schema, and where. */
export async function secondOpinion(document: Readonly<Record<string, unknown>>): Promise<string[]> {
  const open = Object.keys(document["paths"] as object).filter((path) => !path.startsWith("/api/"));
  const config = await createConfig({
    rules: {
      struct: "error",
      "no-unresolved-refs": "error",
      "operation-operationId-unique": "error",
      "operation-parameters-unique": "error",
      "path-parameters-defined": "error",
      "no-identical-paths": "error",
      "no-path-trailing-slash": "error",
      "no-invalid-media-type-examples": "error",
      "no-invalid-parameter-examples": "error",
      "no-invalid-schema-examples": "error",
      "security-defined": { severity: "error", exceptions: open.map((path) => ({ path })) },
    },
  });
  const problems = await lintFromString({ source: JSON.stringify(document), config });
  return problems.map(
    ({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer ?? ""}`,
  );
}
