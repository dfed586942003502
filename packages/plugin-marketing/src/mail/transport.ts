import { PassThrough } from "node:stream";
import type { SendMailOptions } from "nodemailer";
import type { MailSettings } from "../options.js";
import { type HandOver, handOverOf } from "./hand-over.js";

/** A mail server as deliveries see it. */
export interface MailTransport {
  /** Never rejects: what went wrong, and whether the message may have left, is the answer. */
  handOver(mail: SendMailOptions): Promise<HandOver>;
  close(): void;
}

/** SMTP with kept-open connections. nodemailer is loaded here and not before. */
export async function openTransport(settings: MailSettings): Promise<MailTransport> {
  const { createTransport } = await import("nodemailer");
  const { timeoutMs } = settings;
  const transporter = createTransport({
    pool: true,
    host: settings.host,
    port: settings.port,
    secure: settings.secure,
    requireTLS: settings.requireTls,
    ...(settings.auth ? { auth: { ...settings.auth } } : {}),
    maxConnections: settings.connections,
    maxMessages: 500,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // The server is connected and logged in to when the message is first read. Before, nothing can have left.
  const begun = new WeakSet<object>();
  transporter.use("stream", (mail, done) => {
    mail.message.transform(() => {
      begun.add(mail.data.envelope as object);
      return new PassThrough();
    });
    done();
  });
  return {
    async handOver(mail) {
      try {
        // An aborted hand-over closes its connection.
        const info = await transporter.sendMail({ ...mail, signal: AbortSignal.timeout(timeoutMs) });
        return { outcome: "sent", detail: info.response };
      } catch (error) {
        return handOverOf(error, begun.has(mail.envelope as object));
      }
    },
    close: () => transporter.close(),
  };
}
