import {
  defineEntity,
  type Input,
  instant,
  json,
  longText,
  oneOf,
  type Row,
  reference,
  Type,
  withDefault,
} from "@corm/core";

const count = () => Type.Integer({ minimum: 0 });
const figure = () => Type.Number();
const column = Type.Object({ name: Type.String(), kind: Type.Enum(["number", "category"]) });

const draft = defineEntity("predictiveModel", {
  fields: {
    /** 1 is the first that the tenant trained. */
    number: count(),
    /** `rejected` where it ranks hardly better than chance. */
    status: oneOf(["active", "superseded", "rejected"]),
    learner: oneOf(["logistic", "boosting"]),
    /** What it looks at. */
    columns: json(Type.Array(column)),
    trainedAt: instant(),
    /** Leads that were converted, and that were not, from which it learned. */
    won: count(),
    lost: count(),
    /** On leads that it had not seen: five folds. */
    auc: figure(),
    brier: figure(),
    /** Of saying the same of everybody: what `brier` must be below. */
    baseBrier: figure(),
    calibration: json(
      Type.Array(Type.Object({ count: count(), predicted: Type.Number(), observed: Type.Number() })),
    ),
    /** What other learners reached. */
    tried: withDefault(
      json(Type.Array(Type.Object({ learner: Type.String(), auc: Type.Number(), brier: Type.Number() }))),
      [],
    ),
    /** "active" for the one that is: a unique key. */
    slot: Type.Optional(Type.String({ maxLength: 10 })),
  },
  unique: [["number"], ["slot"]],
});

export interface PredictiveModel extends Row<typeof draft> {}
export interface PredictiveModelInput extends Input<typeof draft> {}
/** A model that was trained on the tenant's own leads, with how good it is. */
export const predictiveModel = draft.as<PredictiveModel, PredictiveModelInput>();

const bodyDraft = defineEntity("predictiveModelBody", {
  fields: {
    modelId: reference(predictiveModel, { onDelete: "cascade" }),
    /** JSON. */
    body: longText({ maxLength: 16_000_000 }),
  },
  unique: [["modelId"]],
  internal: true,
  journal: false,
});
export interface PredictiveModelBody extends Row<typeof bodyDraft> {}
export interface PredictiveModelBodyInput extends Input<typeof bodyDraft> {}
/** The model itself, which nobody reads but the program. */
export const predictiveModelBody = bodyDraft.as<PredictiveModelBody, PredictiveModelBodyInput>();
