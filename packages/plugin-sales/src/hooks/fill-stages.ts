import { before, each, type HookDefinition, ValidationFailed } from "@corm/core";
import { type Stage, stage } from "../entities/stage.js";

const DECIDED = { won: 100, lost: 0 } as const;
const CATEGORY = { open: "pipeline", won: "closed", lost: "omitted" } as const;

function checkProbability(kind: Stage["kind"], probability: unknown): void {
  if (kind === "open" || probability === undefined || probability === DECIDED[kind]) return;
  const message = `is ${DECIDED[kind]} for a ${kind} stage`;
  throw ValidationFailed({
    entity: stage.name,
    issues: [{ pointer: "/probability", code: "probability-of-decided", message }],
  });
}

/** Fills in what follows from a stage's kind, and refuses what contradicts it. */
export const fillStages: readonly HookDefinition[] = [
  before(
    stage,
    "create",
    { name: "sales.fillStage" },
    each(({ input }) => {
      // An unknown kind is for the validation to refuse, which comes after the hooks.
      if (!Object.hasOwn(CATEGORY, input.kind)) return;
      if (input.kind !== "open") input.probability ??= DECIDED[input.kind];
      checkProbability(input.kind, input.probability);
      input.forecastCategory ??= CATEGORY[input.kind];
    }),
  ),
  before(
    stage,
    "update",
    { name: "sales.keepStage" },
    each(({ before, patch }) => checkProbability(before.kind, patch.probability)),
  ),
];
