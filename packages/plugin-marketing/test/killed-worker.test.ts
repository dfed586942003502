import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createCrm, crmCore, fixedClock, systemClock } from "@corm/core";
import { sqlite } from "@corm/core/knex";
import { expect, test } from "vitest";
import { mailings, marketing } from "../src/index.js";
import { allow, seedNewsletter } from "./support/newsletter.js";
import { openSmtpSink } from "./support/smtp-sink.js";

const RECIPIENTS = 60;
const worker = fileURLToPath(new URL("./support/deliver-worker.ts", import.meta.url));

/** The CRM on the same file as the workers; its clock is ahead, so that dead workers count as dead. */
function open(file: string, port: number, aheadMs: number) {
  return createCrm({
    storage: sqlite(file),
    tenant: "test",
    secret: "a secret of tests, forty characters long",
    clock: fixedClock(systemClock.now() + aheadMs),
    plugins: [
      crmCore(),
      marketing({
        smtp: { host: "127.0.0.1", port, connections: 2, timeoutSeconds: 30 },
        from: { address: "news@acme.example" },
        publicUrl: "https://crm.acme.example",
        delivery: "manual",
      }),
    ],
  });
}

test("a worker killed with SIGKILL in the middle of messages: nobody twice, nobody lost, the uncertain listed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "corm-mail-"));
  const file = join(folder, "crm.db");
  const sink = await openSmtpSink();
  const emails = Array.from({ length: RECIPIENTS }, (_, i) => `reader${i}@example.com`);
  const arrived: string[] = [];
  let victim: ChildProcess | undefined;
  let killAt = 0;
  sink.onMail = (mail) => {
    arrived.push(mail.to.join());
    if (arrived.length !== killAt) return undefined;
    // The message has arrived, and its sender never hears of it.
    victim?.kill("SIGKILL");
    return new Promise<void>(() => {});
  };
  try {
    const setup = await open(file, sink.port, 0);
    const me = setup.system({ tenant: "test", reason: "test" });
    const mailing = await seedNewsletter(me, emails);
    await allow(me, ...emails);
    await me.entities.mailing.send(mailing.id);
    await setup.stop();

    for (const at of [7, 21, 40]) {
      killAt = at;
      const node = ["--conditions=@corm/source", "--import=tsx", worker, file, String(sink.port)];
      victim = spawn(process.execPath, node, { stdio: ["ignore", "ignore", "pipe"] });
      let complaint = "";
      victim.stderr?.on("data", (chunk: Buffer) => {
        complaint += chunk;
      });
      const [, signal] = await once(victim, "exit");
      expect(complaint).toBe("");
      expect(signal).toBe("SIGKILL");
    }
    killAt = 0;

    // An hour later, somebody else goes on.
    const rest = await open(file, sink.port, 3_600_000);
    const system = rest.system({ tenant: "test", reason: "test" });
    const [run] = await system.service(mailings).deliver();
    expect(run?.status).toBe("sent");
    expect(new Set(arrived).size).toBe(arrived.length);

    const { items } = await system.entities.delivery.find({ where: { mailingId: mailing.id }, limit: 500 });
    expect(items.map((row) => row.address).sort()).toEqual([...emails].sort());
    const of = (state: string) => items.filter((row) => row.state === state).map((row) => row.address ?? "");
    // Two connections: at most two messages under way per kill.
    expect(of("uncertain").length).toBeGreaterThanOrEqual(3);
    expect(of("uncertain").length).toBeLessThanOrEqual(6);
    expect(of("sent").length + of("uncertain").length).toBe(RECIPIENTS);
    for (const row of items.filter((one) => one.state === "uncertain"))
      expect(row.reason).toBe("interrupted");
    // Whoever is not uncertain has the message; whoever has it twice does not exist.
    expect(of("sent").filter((address) => !arrived.includes(address))).toEqual([]);
    await rest.stop();
  } finally {
    await sink.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
