/** How handing one message to a server ended. */
export type HandOver =
  | { readonly outcome: "sent"; readonly detail: string }
  /** The server refused this message for good. */
  | { readonly outcome: "rejected"; readonly detail: string }
  /** The server asked to come back later. */
  | { readonly outcome: "later"; readonly detail: string }
  /** No server, or none that lets us in: the same for every message, and none has left. */
  | { readonly outcome: "unreachable"; readonly detail: string }
  /** The answer is missing: the message may have left or not. */
  | { readonly outcome: "uncertain"; readonly detail: string };

interface SmtpError {
  readonly code?: string;
  readonly message?: string;
  readonly response?: string;
  readonly responseCode?: number;
}

/**
 * What an error of nodemailer means for the message.
 *
 * @param begun whether sending had begun, that is, whether the server was connected and logged in to
 */
export function handOverOf(error: unknown, begun: boolean): HandOver {
  const { code, message, response, responseCode } = (error ?? {}) as SmtpError;
  const detail = shown(response ?? message ?? String(error));
  if (!begun) return { outcome: "unreachable", detail };
  // The server refused the sender, the recipient or to begin; or our side did, before the server heard of it.
  if (code === "EENVELOPE") return { outcome: isTemporary(responseCode) ? "later" : "rejected", detail };
  // The answer to the message itself. 421 closes the connection at any moment, and so says nothing about it.
  if (code === "EMESSAGE" && responseCode !== 421) {
    return { outcome: isTemporary(responseCode) ? "later" : "rejected", detail };
  }
  return { outcome: "uncertain", detail };
}

const isTemporary = (code: number | undefined): boolean => code !== undefined && code >= 400 && code < 500;

/** One line of at most 500 characters. */
function shown(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, 500);
}
