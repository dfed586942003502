import { type Catalog, htmlProblems, templateEngine } from "@corm/core";
import { InvalidTemplate, MissingVariable } from "../errors.js";
import { type MessagePart, type MessageSource, templateError } from "./render.js";
import { fieldsOf, ROOTS } from "./variables.js";

/**
 * Refuses what could not be sent, or not safely, when the template is saved and not when it is sent.
 *
 * @throws invalid-template, missing-variable
 */
export async function checkTemplate(source: MessageSource, catalog: Catalog): Promise<void> {
  const engine = await templateEngine();
  if (/[\r\n]/.test(source.subject)) {
    throw InvalidTemplate({ part: "subject", problem: "it must be one line" });
  }
  const parts: readonly [MessagePart, string | null][] = [
    ["subject", source.subject],
    ["html", source.html],
    ["text", source.text],
  ];
  for (const [name, text] of parts) {
    if (text === null) continue;
    let variables: string[];
    try {
      engine.parse(text, name === "html" ? "html" : "text");
      variables = engine.variables(text);
    } catch (error) {
      throw templateError(name, error);
    }
    for (const variable of variables) checkVariable(name, variable, catalog);
  }
  const [problem] = htmlProblems(source.html, "template");
  if (problem) throw InvalidTemplate({ part: "html", problem });
}

function checkVariable(part: MessagePart, variable: string, catalog: Catalog): void {
  const [root = "", field] = variable.split(/[.[]/);
  const entity = ROOTS.get(root);
  if (entity === undefined) {
    const problem = `there is no variable "${root}". There are ${[...ROOTS.keys()].join(", ")}`;
    throw InvalidTemplate({ part, problem });
  }
  if (entity === null) return;
  const known = fieldsOf(entity, catalog);
  // As a whole, or by a name that is only known when it is sent, it would bring fields that its author may not see.
  if (field === undefined || variable.startsWith(`${root}[`)) {
    const problem = `"${root}" needs the name of a field, such as {{ ${root}.${known[0]} }}. It has ${known.join(", ")}`;
    throw InvalidTemplate({ part, problem });
  }
  if (!known.includes(field)) {
    const problem = `"${root}" has no field "${field}". It has ${known.join(", ")}`;
    throw InvalidTemplate({ part, problem }, { cause: MissingVariable({ part, variable }) });
  }
}
