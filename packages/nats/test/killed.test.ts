import { setTimeout as sleep } from "node:timers/promises";
import { createCrm, crmCore } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/src/util/random-bytes.js";
import { databases, suiteName } from "../../core/test/support/databases.js";
import { spawnScript } from "../../core/test/support/spawn.js";
import { connection, freshName, missing, title, wipe } from "./nats-server.js";

const script = new URL("./killed.child.ts", import.meta.url);
/** For long campaigns. */
const KILLS = Number(process.env["CORM_NATS_KILLS"] ?? 3);
const PER_KILL = 40;

const nats = await connection();

/** Of databases that several processes can open. */
for (const database of databases.filter(({ name }) => name !== "SQLite in memory")) {
  describe.skipIf(missing || !database.available)(`${title}, ${suiteName(database)}`, () => {
    it(
      `does everything once while its processes are killed ${KILLS} times and the broker is emptied`,
      async () => {
        const { url, drop } = await database.create();
        const crm = await createCrm({ storage: knexStorage({ url }), plugins: [crmCore()] });
        const me = crm.as({ actor: { kind: "user", id: "ada" }, tenant: "test", roles: ["admin"] });
        const name = freshName();
        const random = seededRandom(7);
        const start = async () => {
          const child = spawnScript(script, `${url} ${name}`);
          expect(await child.line()).toBe("ready");
          return child;
        };
        const children = await Promise.all([start(), start()]);
        try {
          for (let kill = 0; kill < KILLS; kill++) {
            await me.entities.account.createMany(
              Array.from({ length: PER_KILL }, (_, n) => ({ name: `${kill}-${n}` })),
            );
            const [wait = 0, which = 0] = random(2);
            await sleep(wait);
            await children[which % 2]?.kill();
            if (kill % 3 === 1) await wipe(nats, name);
            children[which % 2] = await start();
          }
          const wanted = KILLS * PER_KILL;
          // As long as some come, others may: what is lost never does.
          for (let last = -1, still = 0; still < 600; ) {
            const count = await me.entities.contact.count();
            if (count >= wanted) break;
            still = count === last ? still + 1 : 0;
            last = count;
            await sleep(50);
          }
          // A moment for what would be too much.
          await sleep(300);
          expect(await me.entities.contact.count()).toBe(wanted);
        } finally {
          for (const child of children) await child.kill();
          await wipe(nats, name);
          await crm.stop();
          await drop();
        }
      },
      60_000 + KILLS * 30_000,
    );
  });
}
