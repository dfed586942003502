export { capture } from "./actions/capture.js";
export { convert } from "./actions/convert.js";
export { release } from "./actions/release.js";
export { submit } from "./actions/submit.js";
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
export { type LeadSource, type LeadSourceInput, leadSource } from "./entities/lead-source.js";
export * from "./errors.js";
export { type LeadsOptions, type LeadsPlugin, leads } from "./plugin.js";
