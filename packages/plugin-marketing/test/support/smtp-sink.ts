import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerSession } from "smtp-server";

export interface ReceivedMail {
  readonly from: string;
  /** The envelope's recipients. */
  readonly to: readonly string[];
  readonly raw: string;
  /** Unfolded, by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface SmtpSink {
  readonly port: number;
  readonly mails: ReceivedMail[];
  /** What to answer next: throws to refuse; may wait. Called when the whole message has arrived. */
  onMail: (mail: ReceivedMail) => void | Promise<void>;
  /** Called for every recipient before the message; throws to refuse. */
  onRecipient: (address: string) => void;
  close(): Promise<void>;
}

/** An error that the server answers with a code of its own. */
export function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

/** A real mail server on 127.0.0.1 that keeps what it is given. */
export async function openSmtpSink(): Promise<SmtpSink> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    logger: false,
    onRcptTo(address, _session, done) {
      attempt(() => sink.onRecipient(address.address), done);
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const mail = read(Buffer.concat(chunks).toString("utf8"), session);
        attempt(async () => {
          await sink.onMail(mail);
          sink.mails.push(mail);
        }, done);
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  server.on("error", () => {});
  const sink: SmtpSink = {
    port: (server.server.address() as AddressInfo).port,
    mails: [],
    onMail: () => {},
    onRecipient: () => {},
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return sink;
}

function attempt(work: () => void | Promise<void>, done: (error?: Error | null) => void): void {
  Promise.resolve()
    .then(work)
    .then(() => done(), done);
}

function read(raw: string, session: SMTPServerSession): ReceivedMail {
  const head = raw.slice(0, raw.indexOf("\r\n\r\n")).replace(/\r\n[ \t]+/g, " ");
  const headers = new Map(
    head.split("\r\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const from = session.envelope.mailFrom;
  return {
    from: from ? from.address : "",
    to: session.envelope.rcptTo.map((recipient) => recipient.address),
    raw,
    headers,
  };
}
