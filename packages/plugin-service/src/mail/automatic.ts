import type { ParsedMail } from "./parse-mail.js";

/** Who sends mail on behalf of mail servers. */
const ROBOTS = /^(?:mailer-daemon|postmaster|mail-daemon|mdaemon|noreply-dmarc[\w-]*)@/;
/** Headers that only programs set which answer by themselves. */
const ANSWERING = ["x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-mail-autoreply"];
/** How such programs begin their subjects, where they set no header. */
const SUBJECTS =
  /^(?:auto(?:matic|matische|mated)?[\s:-]*(?:reply|response|antwort|answer)|auto:|out of (?:the )?office|abwesenheits?|automatische antwort|réponse automatique|respuesta automática|risposta automatica|resposta automática|自动回复|自動回覆|自动答复|undeliver(?:able|ed mail)|delivery (?:status notification|failure|notification)|mail delivery (?:failed|failure|subsystem|system)|returned mail|failure notice|delivery report)/i;

export type AutomaticKind = "bounce" | "auto-reply" | "loop" | "bulk";

/**
 * Whether a program sent a mail, and which kind. Such mail opens no ticket: an answer to it would be answered.
 *
 * @param envelopeSender empty for the null return path, undefined where it is not known
 */
export function automaticKind(
  mail: Pick<ParsedMail, "from" | "subject" | "header">,
  envelopeSender: string | undefined,
): AutomaticKind | null {
  const { from, subject, header } = mail;
  const returnPath = envelopeSender ?? header("return-path")[0];
  const reports = header("content-type").some((type) => /^multipart\/report\b/i.test(type));
  if (returnPath === "" || returnPath === "<>" || reports || (from && ROBOTS.test(from.address)))
    return "bounce";
  if (header("x-failed-recipients").length > 0) return "bounce";
  const submitted = header("auto-submitted")[0]?.toLowerCase();
  if (submitted !== undefined && !/^no\b/.test(submitted)) return "auto-reply";
  if (ANSWERING.some((name) => header(name).length > 0)) return "auto-reply";
  const precedence = header("precedence")[0]?.toLowerCase() ?? "";
  if (/^auto[_-]?reply/.test(precedence)) return "auto-reply";
  if (header("x-loop").length > 0) return "loop";
  if (SUBJECTS.test(subject)) return "auto-reply";
  return /^(?:bulk|junk|list)\b/.test(precedence) ? "bulk" : null;
}
