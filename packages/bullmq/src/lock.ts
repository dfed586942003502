/**
 * Milliseconds for which BullMQ keeps what it handed out for whoever took it, until the database has given him the job.
 * What stays in between longer is from a process that ended there.
 */
export const LOCK_MS = 5000;
