/** What core itself needs the rights of the system for. */
export const CORE_CAPABILITIES: Readonly<Record<string, string>> = {
  "core.credentials":
    "Looks up who sends a credential, and what he may do; keeps keys, passwords and sessions",
  "core.idempotency": "Remembers the answers of requests with a key",
  "core.import": "Keeps the books of imports",
  "core.jobs": "Makes the jobs of schedules",
  "core.journal": "Puts the journal in order, and reads it for subscribers and the audit",
  "core.privacy": "Finds, gives out and erases what is kept of a person, whoever may see it",
};

/** What core itself asks a permission for. */
export const CORE_PERMISSIONS: Readonly<Record<string, string>> = {
  "jobs.read": "See the jobs of the tenant, with their input",
  "jobs.manage": "Replay jobs that failed, and cancel jobs",
};
