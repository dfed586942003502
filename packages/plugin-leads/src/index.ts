export { activateModel } from "./actions/activate-model.js";
export { browse } from "./actions/browse-pool.js";
export { capture, captureMany } from "./actions/capture.js";
export { confirm } from "./actions/confirm.js";
export { convert } from "./actions/convert.js";
export { allot, claim, putLeads, releaseLeads } from "./actions/pool.js";
export { receiveMail } from "./actions/receive-mail.js";
export { release } from "./actions/release.js";
export { explainScore, score } from "./actions/score.js";
export { submit } from "./actions/submit.js";
export { trainPredictiveModel } from "./actions/train-model.js";
export { unconvert } from "./actions/unconvert.js";
export type { DeclaredMaps } from "./conversion/mapping.js";
export {
  type CaptureForm,
  type CaptureFormInput,
  captureForm,
  type FormField,
} from "./entities/capture-form.js";
export {
  type CaptureSubmission,
  type CaptureSubmissionInput,
  captureSubmission,
} from "./entities/capture-submission.js";
export { activityOfLead, leadWithHistory, touchpointOfLead } from "./entities/extensions.js";
export { type Lead, type LeadInput, lead } from "./entities/lead.js";
export {
  type LeadConversion,
  type LeadConversionInput,
  leadConversion,
} from "./entities/lead-conversion.js";
export { type LeadHolding, type LeadHoldingInput, leadHolding } from "./entities/lead-holding.js";
export { type LeadPool, type LeadPoolInput, leadPool } from "./entities/lead-pool.js";
export { type LeadResponse, type LeadResponseInput, leadResponse } from "./entities/lead-response.js";
export {
  type LeadScore,
  type LeadScoreInput,
  leadScore,
  type ScoreChange,
  type ScoreChangeInput,
  type ScoreItem,
  scoreChange,
} from "./entities/lead-score.js";
export { type LeadSource, type LeadSourceInput, leadSource } from "./entities/lead-source.js";
export {
  type PredictiveModel,
  type PredictiveModelInput,
  predictiveModel,
} from "./entities/predictive-model.js";
export { type ResponsePolicy, type ResponsePolicyInput, responsePolicy } from "./entities/response-policy.js";
export {
  type BehaviourRule,
  type Criterion,
  type FitRule,
  type ScoringModel,
  type ScoringModelInput,
  scoringModel,
  type Threshold,
} from "./entities/scoring-model.js";
export * from "./errors.js";
export {
  leadConverted,
  leadRecycled,
  leadRecycleWarned,
  leadResponseBreached,
  leadResponseWarned,
  leadScoreCrossed,
  leadUnconverted,
} from "./events.js";
export { type BoostingOptions, boosting } from "./learning/boosting.js";
export { crossValidate, type DataSet, type Validation } from "./learning/cross-validate.js";
export type { Column, Sample, Value } from "./learning/encode.js";
export type { Learner } from "./learning/learner.js";
export { logistic } from "./learning/logistic.js";
export { createPace, type Pace } from "./learning/pace.js";
export { type LeadsOptions, type LeadsPlugin, leads } from "./plugin.js";
export { type Facts, type Judgement, judge } from "./scoring/judge.js";
export { type Captcha, type CaptchaQuestion, captcha } from "./services/captcha.js";
