import { ValidationFailed } from "../../errors/core-errors.js";
import { issuesOf } from "../../model/validate.js";
import { checker } from "../../schema/checker.js";
import { JSON_TYPE, readObject } from "../body.js";
import { readParameters } from "../parameters.js";
import type { HttpCall } from "../route.js";

const MAX_BODY = 16 * 1024;

/** Reads a body of text fields, all required but those that end in `?`. @throws validation-failed */
export function textReader(...names: readonly string[]) {
  const fields = names.map((name) => name.replace("?", ""));
  const validator = checker({
    type: "object",
    properties: Object.fromEntries(
      fields.map((name) => [name, { type: "string", minLength: 1, maxLength: 1024 }]),
    ),
    required: names.filter((name) => !name.endsWith("?")),
    additionalProperties: false,
  });
  return async (call: HttpCall): Promise<Readonly<Record<string, string>>> => {
    readParameters(call.query, []);
    const body = await readObject(call.request, [JSON_TYPE], MAX_BODY);
    if (!validator.Check(body))
      throw ValidationFailed({ entity: "body", issues: issuesOf(validator.Errors(body)[1]) });
    return body as Record<string, string>;
  };
}
